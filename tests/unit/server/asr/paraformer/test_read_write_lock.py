"""Who may use memory that moves: many at once, or one alone, who need not wait for all who come after."""

from threading import Event, Thread

from voicechat_server.asr.paraformer.read_write_lock import ReadWriteLock

WITHIN_S = 10
A_WHILE_S = 0.1


def test_many_use_it_at_once() -> None:
    lock = ReadWriteLock()
    with lock.read():
        done = Event()
        other = Thread(target=lambda: use(lock, done))
        other.start()
        assert done.wait(WITHIN_S)
        other.join()


def test_who_wants_to_be_alone_waits_for_those_before_and_goes_before_those_after() -> None:
    lock = ReadWriteLock()
    alone, after = Event(), Event()
    order: list[str] = []

    def change() -> None:
        with lock.write():
            order.append("alone")
            alone.set()

    def use_after() -> None:
        with lock.read():
            order.append("after")
            after.set()

    threads = [Thread(target=change), Thread(target=use_after)]
    with lock.read():
        threads[0].start()
        assert not alone.wait(A_WHILE_S)
        threads[1].start()
        assert not after.wait(A_WHILE_S)
        order.append("before")
    for thread in threads:
        thread.join(WITHIN_S)
    assert order == ["before", "alone", "after"]


def use(lock: ReadWriteLock, done: Event) -> None:
    with lock.read():
        done.set()
