"""Digests of the articles' runs."""

from hair_answers.content_tools.article_ngrams import digest_lines, main

TEXT = "One two, three four; five six SEVEN eight nine."


def test_every_run_has_one_digest_and_no_word_is_kept():
    heading, salt, *digests = digest_lines([TEXT, TEXT])
    assert heading.startswith("#")
    assert salt == "salt: hair-answers"
    assert len(digests) == 2
    assert not any(word in "".join(digests) for word in ("one", "seven"))


def test_another_salt_gives_other_digests():
    assert set(digest_lines([TEXT], "x")).isdisjoint(digest_lines([TEXT], "y")[1:])


def test_command_prints_the_file(tmp_path, capsys):
    (tmp_path / "a.txt").write_text(TEXT)
    assert main([str(tmp_path / "a.txt")]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4
    assert main([]) == 2
