"""Data sets that are published as four IDX files: finding, fetching and verifying them."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from nnkit.data.idx import content_sha256, file_md5, idx_header, read_idx
from nnkit.data.image_set import DATASETS, Bytes, ImageSet, check_counts, check_labels
from nnkit.errors import DataError, FileAccessError
from nnkit.folders import cache_folder


@dataclasses.dataclass(frozen=True)
class PublishedFile:
    """One gzipped IDX file and how to recognise it.

    Attributes:
        name: its name without `.gz`.
        shape: the dimensions of its array.
        sha256: of the decompressed content, which stays the same when a mirror compresses it anew.
        md5: of the `.gz` file, where the publisher lists nothing else.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str | None = None
    md5: str | None = None

    def most_bytes(self) -> int:
        """Return more bytes than a gzip file of this content can have, names and comments aside."""
        content = len(idx_header(self.shape)) + math.prod(self.shape)
        return content + content // 1000 + 4096

    def mismatch(self, path: Path, array: Bytes) -> str | None:
        """Say what tells the file at `path`, which holds `array`, from the published one, or None."""
        if self.sha256 is not None and (got := content_sha256(array)) != self.sha256:
            return f"the SHA-256 of its content is {got}, expected {self.sha256}"
        if self.md5 is not None and (got := file_md5(path)) != self.md5:
            return f"its MD5 is {got}, expected {self.md5}"
        return None

    def read_verified(self, path: Path) -> Bytes:
        """Read the file, which has to be exactly the published one.

        Raises:
            DataError: it is missing, damaged or another file.
            FileAccessError: it cannot be read.
        """
        array = read_idx(path, len(self.shape))
        if mismatch := self.mismatch(path, array):
            raise DataError(f"{path}: not the published file: {mismatch}")
        return array


@dataclasses.dataclass(frozen=True)
class PublishedSet:
    """A data set of four IDX files that are looked for in three places, in this order.

    1. The folder in `NNKIT_DATA_DIR`: its subfolder with the data set's name, then the folder itself.
       What lies there is the user's: it has to be well-formed, not the published data. It may be
       gzipped or not.
    2. The cache folder, where only the published files count.
    3. The mirrors.

    Attributes:
        name: the data set's name, as configs have it.
        classes: the names of the classes.
        mean: the mean of the published training pixels, scaled to 0..1.
        std: their standard deviation.
        files: the images and the labels of each split.
        mirrors: addresses of folders that hold all files.
    """

    name: str
    classes: tuple[str, ...]
    mean: float
    std: float
    files: Mapping[str, tuple[PublishedFile, PublishedFile]]
    mirrors: tuple[str, ...]

    def load(self, split: str, *, download: bool = True, folder: Path | None = None) -> ImageSet:
        """Return one part of the data.

        Args:
            split: which.
            download: whether files that are not on this machine may be fetched.
            folder: where the files are, instead of the three places; they have to be well-formed.

        Raises:
            DataError: files are missing, damaged or inconsistent.
            FileAccessError: the file system refuses.
        """
        (images_path, images), (labels_path, labels) = self._read(split, download, folder)
        return self._checked(images_path, images, labels_path, labels)

    def _read(
        self, split: str, download: bool, folder: Path | None = None
    ) -> tuple[tuple[Path, Bytes], tuple[Path, Bytes]]:
        """Return the images and the labels of a part, each with the file that they are from."""
        folder = folder or self._users_folder(split)
        images_file, labels_file = self.files[split]
        if folder is None:
            return (
                (self._cache_path(images_file), self._read_cached(images_file, download)),
                (self._cache_path(labels_file), self._read_cached(labels_file, download)),
            )
        images, labels = _find(folder, images_file), _find(folder, labels_file)
        found = read_idx(labels, len(labels_file.shape))
        self._check_not_another(split, labels, found)
        return (images, read_idx(images, len(images_file.shape))), (labels, found)

    def _checked(self, images_path: Path, images: Bytes, labels_path: Path, labels: Bytes) -> ImageSet:
        check_labels(labels, len(self.classes), str(labels_path))
        check_counts(images, str(images_path), labels, str(labels_path))
        return ImageSet(self.name, images, labels, self.classes, self.mean, self.std)

    def place(self) -> str | None:
        """See `DataSet.place`."""
        folders = [self._users_folder(split) for split in self.files]
        if folders[0] is not None and len({*folders}) == 1:
            return str(folders[0])
        paths = [self._cache_path(file) for files in self.files.values() for file in files]
        return str(paths[0].parent) if all(_exists(path) for path in paths) else None

    def verify(self, split: str) -> Iterator[str]:
        """See `DataSet.verify`.

        Raises:
            DataError: a file is missing or damaged.
            FileAccessError: the file system refuses.
        """
        parts = self._read(split, download=False)
        self._checked(*parts[0], *parts[1])
        for file, (path, array) in zip(self.files[split], parts, strict=True):
            mismatch = file.mismatch(path, array)
            yield f"{path}: {f'well-formed, but not the published file: {mismatch}' if mismatch else 'as published'}"

    def fetch(self) -> Iterator[Path]:
        """See `DataSet.fetch`.

        Raises:
            DataError: no mirror has a file.
            FileAccessError: the file system refuses.
        """
        for files in self.files.values():
            for file in files:
                self._read_cached(file, download=True)
                yield self._cache_path(file)

    def _users_folder(self, split: str) -> Path | None:
        """Return the folder of the user's that holds files of this split, if there is one."""
        setting = os.environ.get("NNKIT_DATA_DIR")
        if not setting:
            return None
        root = Path(setting)
        if not _exists(root):
            way_out = f"create it, or unset it to download {self.name}"
            raise DataError(f"{root}: NNKIT_DATA_DIR names a folder that does not exist; {way_out}")
        if not root.is_dir():
            raise DataError(f"{root}: NNKIT_DATA_DIR names something that is not a folder")
        for folder in (root / self.name, root):
            if self.is_in(folder, split):
                return folder
        return None

    def is_in(self, folder: Path, split: str) -> bool:
        """Return whether a folder has a file of a part.

        Raises:
            FileAccessError: the file system refuses to say so.
        """
        return any(_exists(path) for file in self.files[split] for path in _variants(folder, file))

    def _check_not_another(self, split: str, path: Path, labels: Bytes) -> None:
        """Raise DataError if these are the labels of another data set: all use the same file names."""
        for name in DATASETS:
            other = DATASETS.get(name)
            if isinstance(other, PublishedSet) and other is not self:
                _, labels_file = other.files[split]
                if labels_file.mismatch(path, labels) is None:
                    raise DataError(
                        f"{path}: belongs to {name}, not {self.name}; give each data set a subfolder with its name"
                    )

    def _cache_path(self, file: PublishedFile) -> Path:
        return cache_folder() / "data" / self.name / f"{file.name}.gz"

    def _read_cached(self, file: PublishedFile, download: bool) -> Bytes:
        """Read a file of the cache folder, after fetching it if it is missing or has been altered."""
        path = self._cache_path(file)
        reasons = []
        if _exists(path):
            try:
                return file.read_verified(path)
            except DataError as error:
                reasons.append(str(error))
        if download:
            # The libraries of the network take a while to import, and files are fetched once.
            from nnkit.data.download import download as fetch

            try:
                fetch(self.mirrors, path, file.read_verified, file.most_bytes())
                return file.read_verified(path)
            except DataError as error:
                reasons.append(f"{self.name}: {error}")
        reason = "; ".join(reasons) or f"{path}: does not exist"
        raise DataError(f"{reason}; {self._ways_out(path.parent)}")

    def _ways_out(self, cache: Path) -> str:
        names = ", ".join(f"{file.name}.gz" for files in self.files.values() for file in files)
        users = os.environ.get("NNKIT_DATA_DIR")
        folder = Path(users) / self.name if users else f"{cache} or a folder that NNKIT_DATA_DIR names"
        return f"put {names} into {folder}, or use the data set 'digits', which is part of the package"


def _variants(folder: Path, file: PublishedFile) -> tuple[Path, Path]:
    return folder / f"{file.name}.gz", folder / file.name


def _find(folder: Path, file: PublishedFile) -> Path:
    for path in _variants(folder, file):
        if _exists(path):
            return path
    raise DataError(f"{folder}: holds neither {file.name}.gz nor {file.name}")


def _exists(path: Path) -> bool:
    """Whether there is something at `path`, be it a dangling link; unlike Path.exists, never a guess."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise FileAccessError(f"{path}: cannot be read: {error.strerror or error}") from error
    return True
