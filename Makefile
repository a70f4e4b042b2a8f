# Every target does the set-up that is still missing and is quick the second time.
# Settings by environment: HOST, PORT (5005), ACTION_PORT (5055), ENDPOINTS, CREDENTIALS, LOG_LEVEL, PYTHON.
PY = .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup dev train run shell test test-fast check lint content-check content-new content-export \
	content-import content-due review-sheet outbox doctor forget export purge insights review stack check-model benchmark benchmark-nlu benchmark-speed audit tune tune-second lock machine clean

help:  ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

setup:  ## make the Python environment (STOCK=1: full Rasa with TensorFlow beside it)
	@scripts/setup runtime
ifdef STOCK
	@scripts/setup stock
endif

dev:
	@scripts/setup dev

train: setup  ## train the bot if content or code changed
	@$(PY) -m hair_answers.operations.training

run: setup  ## start the bot: web page, REST and action server
	@exec $(PY) -m hair_answers.operations.run

shell: setup  ## talk to the bot in the terminal
	@$(PY) -m hair_answers.operations.shell

outbox: setup  ## show who asked to be contacted; make outbox CLOSE=HA-ABC123 closes one
	@$(PY) -m hair_answers.operations.outbox $(if $(CLOSE),--close $(CLOSE))

machine:
	@scripts/machine

test: dev machine train  ## run everything that proves the bot: content, units, conversations, servers, browser
	@scripts/test

test-fast: dev  ## run the tests that need no model, server or browser
	@$(PY) -m pytest -m "not server and not browser and not services" tests

check: dev train  ## what CI runs: style, types, content, Rasa's own validation, tests
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(MAKE) --no-print-directory test

lint: dev  ## repair style where a tool can
	@$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

content-check: setup  ## check every answer in seconds, without training
	@$(PY) -m hair_answers.knowledge.content_check

content-new: setup  ## write a valid skeleton: make content-new TOPIC=causes KEY=sunburn
	@$(PY) -m hair_answers.content_tools.content_new $(TOPIC) $(KEY)

content-export: setup  ## write questions and answers to a spreadsheet: make content-export FILE=answers.xlsx
	@$(PY) -m hair_answers.content_tools.content_export $(or $(FILE),answers.xlsx)

content-import: setup  ## read the spreadsheet back: make content-import FILE=answers.xlsx
	@$(PY) -m hair_answers.content_tools.content_import $(or $(FILE),answers.xlsx)

content-due: setup  ## list the answers to review next
	@$(PY) -m hair_answers.content_tools.content_due

review-sheet: setup  ## one printable page of every answer for a clinician to sign
	@$(PY) -m hair_answers.content_tools.review_sheet

doctor: setup  ## check the channels' configuration without sending anything
	@$(PY) -m hair_answers.operations.doctor

forget: setup  ## erase a conversation everywhere: make forget SENDER=id
	@$(PY) -m hair_answers.operations.forget $(SENDER)

export: setup  ## write out one conversation for the person it belongs to: make export SENDER=id
	@$(PY) -m hair_answers.operations.export $(SENDER)

purge: setup  ## erase conversations past their days in clinic.yml
	@$(PY) -m hair_answers.operations.purge

insights: setup  ## one HTML report of what people ask and miss
	@$(PY) -m hair_answers.operations.insights

review: setup  ## walk through unanswered questions and teach the bot
	@$(PY) -m hair_answers.operations.review

stack: dev train  ## the production topology as local processes: PostgreSQL, Redis, RabbitMQ, nginx, two bots
	@$(PY) -m hair_answers.operations.stack

check-model: train  ## show what the matcher knows about itself: thresholds, calibration
	@$(PY) -m hair_answers.operations.check_model

benchmark-nlu: dev train  ## quality of understanding, with a report in docs/
	@$(PY) -m benchmarks.understanding

benchmark-speed: dev train  ## start, memory and latency
	@$(PY) -m benchmarks.speed

audit: setup  ## known vulnerabilities of the locked packages; exit 3 when no advisories could be asked
	@$(PY) -m hair_answers.operations.audit

tune: dev  ## tune the safety gate's encoder on its phrases (40 to 80 minutes on two cores; fetches PyTorch); MORE=1 goes on from the last run
	@scripts/setup-tuning
	@$(PY) -m tuning.examples .rasa/safety_examples.json
	@.venv-tuning/bin/python -m tuning.tune .rasa/safety_examples.json $(if $(MORE),--more)

tune-second: dev  ## tune the safety gate's second reader on its phrases (an hour on two cores; fetches PyTorch)
	@scripts/setup-tuning
	@$(PY) -m tuning.examples .rasa/safety_examples.json
	@.venv-tuning/bin/python -m tuning.tune_second .rasa/safety_examples.json

lock:  ## resolve the dependencies again and write the hash-locked files
	@scripts/lock

clean:  ## remove what can be made again
	rm -rf models results .rasa .pytest_cache .mypy_cache .ruff_cache
