.PHONY: run test

# The main example: a recorded event through the local Lambda service.
run:
	go run ./handler/local -event ./examples/orders/events/http-api.json ./examples/orders

# Every gate over every module; installs what it needs.
test:
	bash .ci/run
