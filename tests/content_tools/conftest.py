"""The tiny valid project of the content tests."""

import importlib.util
from pathlib import Path

CONTENT = Path(__file__).parents[1] / "content" / "conftest.py"
spec = importlib.util.spec_from_file_location("content_conftest", CONTENT)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
tiny = module.tiny
