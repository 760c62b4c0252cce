"""What a config may say, as pydantic models: its sections, and the whole."""

from __future__ import annotations

import functools
import os
import types
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, create_model

from nnkit.training.components import (
    CodeNetwork,
    Component,
    Schedule,
    Section,
    component_type,
    names,
    network_type,
    union,
)
from nnkit.training.ranges import bounds
from nnkit.training.yaml_loader import Document, InvalidConfigError, Path


class AugmentConfig(Section):
    """How far each training image is changed at random, in another way in every epoch."""

    shift: Annotated[float, bounds("shift")] = Field(
        default=0.0, description="Up to so many pixels vertically and horizontally."
    )
    rotation: Annotated[float, bounds("rotation")] = Field(
        default=0.0, description="Up to so many degrees to either side."
    )
    scale: Annotated[float, bounds("scale")] = Field(
        default=0.0, description="Height and width each up to this share longer or shorter."
    )
    elastic: Annotated[float, bounds("elastic")] = Field(
        default=0.0, description="Smooth displacement in pixels along each axis, as a root mean square."
    )


class DataConfig(Section):
    """The data set, and how it is cut into batches."""

    name: str
    batch_size: Annotated[int, bounds("batch_size")] = Field(description="Images per step.")
    validation_fraction: Annotated[float, bounds("validation_fraction")] = Field(
        default=0.0, description="Share of the training images held back to choose the best epoch."
    )
    augment: AugmentConfig | None = Field(
        default=None, description="How far training images are changed at random; not at all where null."
    )


class TrainingConfig(Section):
    """The run itself."""

    epochs: Annotated[int, bounds("epochs")] = Field(description="Passes over the training images.")
    seed: Annotated[int, bounds("seed")] = Field(
        default=0, description="Decides the initial parameters, the order of the images, and dropout."
    )
    device: Annotated[str, Field(pattern=r"^(cpu|cuda(:[0-9]{1,3})?)$")] = Field(
        default="cpu", description="cpu, cuda or cuda:N."
    )
    threads: Annotated[int, bounds("threads")] | None = Field(
        default=None, description="CPU threads; all that the process may use where null."
    )
    plan: bool = Field(
        default=True, description="Record a step once and replay it without Python; otherwise all run on the tape."
    )
    clip_grad_norm: Annotated[float, bounds("clip_grad_norm")] | None = Field(
        default=None, description="Longest gradient, as a norm over all parameters; no limit where null."
    )
    ema_decay: Annotated[float, bounds("ema_decay")] | None = Field(
        default=None,
        description="How much of the parameters' moving average stays from step to step, such as 0.999; the average "
        "is what is evaluated and kept. There is none where null.",
    )
    patience: Annotated[int, bounds("training.patience")] | None = Field(
        default=None, description="Epochs without a better one after which training ends; it does not where null."
    )
    on_nonfinite: Literal["stop", "skip"] = Field(
        default="stop", description="What to do with a step whose loss or gradients are NaN or infinite."
    )
    detect_anomaly: bool = Field(
        default=False, description="Name the operation where the first number came up that is not finite."
    )
    tensorboard: bool = Field(
        default=False, description="Write event files for TensorBoard into the folder of the results."
    )
    output: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]+$")] | None = Field(
        default=None, description="Folder for the results; runs/<name of the config> where null."
    )


class CheckpointConfig(Section):
    """When the run is saved, beside the end of each epoch, and what is kept."""

    every_steps: Annotated[int, bounds("every_steps")] | None = Field(
        default=None, description="Steps from one checkpoint to the next."
    )
    every_seconds: Annotated[float, bounds("every_seconds")] | None = Field(
        default=None, description="Seconds from one checkpoint to the next."
    )
    keep_last: Annotated[int, bounds("keep_last")] = Field(
        default=2, description="Checkpoints to keep, the last one included; an earlier one is a spare."
    )
    metric: Literal["accuracy", "loss"] = Field(
        default="accuracy", description="What makes an epoch the best: on the validation images, or the test images."
    )


class Config(Section):
    """Everything that decides a run. `config_model` gives the model that checks the components, too."""

    network: Component | CodeNetwork
    data: DataConfig
    optimizer: Component
    scheduler: Schedule | None = None
    loss: Component
    training: TrainingConfig
    checkpoint: CheckpointConfig = CheckpointConfig()

    _document: Document | None = PrivateAttr(default=None)
    _code_path: FilePath | None = PrivateAttr(default=None)

    def with_output(self, output: FilePath) -> Config:
        """Return the same config with another folder for the results."""
        # Text is UTF-8 also where the names of files are not; what cannot be is escaped.
        name = os.fsencode(output).decode("utf-8", "backslashreplace")
        return self.model_copy(update={"training": self.training.model_copy(update={"output": name})})

    @property
    def output(self) -> FilePath | None:
        """The folder for the results, if the config names one."""
        name = self.training.output
        return None if name is None else FilePath(os.fsdecode(name.encode()))

    def with_code(self, network: CodeNetwork, path: FilePath) -> Config:
        """Return the same config with another description of a network whose file is at `path`."""
        config = self.model_copy(update={"network": network})
        config._code_path = path
        return config

    @property
    def code_path(self) -> FilePath:
        """Where the file of a network in Python is: a config or checkpoint names it from its own folder."""
        if self._code_path:
            return self._code_path
        file = FilePath(getattr(self.network, "file"))  # noqa: B009 (only networks in Python have one)
        document = self._document or Document("config")
        is_from_option = document.place(("network", "file")).source != document.source
        return file if is_from_option else FilePath(document.source).parent / file

    def written_in(self, document: Document) -> Config:
        """Remember where each value was written, for messages; return the config itself."""
        self._document = document
        return self

    def error(self, path: Path, message: str) -> InvalidConfigError:
        """Return an error about the value at `path`, which names the place where it was written."""
        document = self._document or Document("config")
        return InvalidConfigError([document.problem(path, message)])


@functools.cache
def config_model() -> type[Config]:
    """Return the closed model of a whole config, with the components that are registered now."""
    data_sets: Any = Literal[tuple(names("data"))]
    data = create_model("data", __base__=DataConfig, name=(data_sets, Field(description="The data set.")))
    return create_model(
        "Config",
        __base__=Config,
        network=(network_type(), Field(description="The network.")),
        data=(data, Field(description="The data set, and how it is cut into batches.")),
        optimizer=(component_type("optimizer"), Field(description="What moves the parameters.")),
        scheduler=(
            union([component_type("scheduler"), types.NoneType]),
            Field(default=None, description="What moves the learning rate; it stays where null."),
        ),
        loss=(component_type("loss"), Field(description="What is made small.")),
        training=(TrainingConfig, Field(description="The run itself.")),
        checkpoint=(
            CheckpointConfig,
            Field(default=CheckpointConfig(), description="When the run is saved, and what is kept."),
        ),
    )
