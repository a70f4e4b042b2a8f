"""Parse messages with any trained model on one core, in whichever environment runs this: parse_messages.py MODEL FILE.

FILE holds one message a line as a JSON string. Prints one JSON object: the seconds to load and, for each message, what
was understood and the milliseconds it took, on the clock and on the processor. Imports nothing of the project.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

WARM_UP = 20  # messages parsed before the clock runs


def understood(parsed: dict[str, Any]) -> tuple[str, float]:
    """Return the answer key that was chosen, or the intent where nothing retrieves, and the confidence."""
    intent = parsed["intent"]["name"]
    selector = parsed.get("response_selector") or {}
    chosen = (selector.get(intent) or selector.get("default") or {}).get("response") or {}
    return str(chosen.get("intent_response_key") or intent), float(parsed["intent"]["confidence"])


def main() -> None:
    """Load, warm up, parse and print."""
    # One core: the first this process may use.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from rasa.core.agent import load_agent

    model, file = sys.argv[1:3]
    messages = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    started = time.monotonic()
    agent = loop.run_until_complete(load_agent(model))
    loaded = time.monotonic() - started
    for text in messages[:WARM_UP]:
        loop.run_until_complete(agent.parse_message(text))
    rows = []
    for text in messages:
        wall, cpu = time.perf_counter(), time.process_time()
        parsed = loop.run_until_complete(agent.parse_message(text))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        key, confidence = understood(parsed)
        rows.append(
            {
                "text": text,
                "intent": parsed["intent"]["name"],
                "key": key,
                "confidence": confidence,
                "ms": 1000 * wall,
                "cpu_ms": 1000 * cpu,
            }
        )
    json.dump({"load_seconds": loaded, "rows": rows}, sys.stdout)


if __name__ == "__main__":
    main()
