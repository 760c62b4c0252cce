import pictures


def test_pictures_are_drawn_and_the_same_results_give_the_same_bytes(results, tmp_path):
    first = pictures.draw(results, tmp_path / "first")
    second = pictures.draw(results, tmp_path / "second")
    assert [path.name for path in first] == ["bench_networks.svg", "bench_batch_sizes.svg", "bench_threads.svg"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_one_thread_is_enough_for_a_picture(results, tmp_path):
    for network in results["scaling"].values():
        del network["2"]
    assert len(pictures.draw(results, tmp_path)) == 3
