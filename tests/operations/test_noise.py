"""Child processes are started quiet, and the caller's own settings win."""

from hair_answers.operations.noise import QUIET, quiet_environment


def test_the_callers_settings_win(monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    found = quiet_environment()
    assert found["PYTHONWARNINGS"] == "default"
    assert found["TOKENIZERS_PARALLELISM"] == QUIET["TOKENIZERS_PARALLELISM"]
    assert found["RASA_TELEMETRY_ENABLED"] == "false"
