"""Order within a conversation, none between them, and an end."""

from __future__ import annotations

import asyncio

from hair_answers.channels.turn_queue import TurnQueue


async def test_jobs_of_a_conversation_run_in_order_and_never_together() -> None:
    queue, running, ended = TurnQueue(), 0, []

    async def job(number: int) -> None:
        nonlocal running
        running += 1
        assert running == 1
        await asyncio.sleep(0.01 if number % 2 else 0)
        running -= 1
        ended.append(number)

    for number in range(20):
        queue.put("a", lambda number=number: job(number))
    assert await queue.drain(5) == 0
    assert ended == list(range(20)) and len(queue) == 0


async def test_a_slow_conversation_holds_no_other_up() -> None:
    queue, ended, gate = TurnQueue(), [], asyncio.Event()

    async def slow() -> None:
        await gate.wait()

    async def quick() -> None:
        ended.append("quick")

    queue.put("slow", slow)
    queue.put("quick", quick)
    await asyncio.sleep(0.01)
    assert ended == ["quick"] and len(queue) == 1
    gate.set()
    assert await queue.drain(1) == 0


async def test_a_failing_job_ends_alone() -> None:
    queue, ended = TurnQueue(), []

    async def failing() -> None:
        raise RuntimeError("planned")

    async def good() -> None:
        ended.append(1)

    queue.put("a", failing)
    queue.put("a", good)
    assert await queue.drain(1) == 0 and ended == [1]


async def test_what_cannot_end_in_time_is_counted_and_cancelled() -> None:
    queue = TurnQueue()

    async def endless() -> None:
        await asyncio.sleep(60)

    queue.put("a", endless)
    queue.put("a", endless)
    assert await queue.drain(0.05) == 2
