.PHONY: run run-postgres test bench vet-all minio

# The main example: a recorded event through the local Lambda service.
run:
	go run ./handler/local -event ./examples/orders/events/http-api.json ./examples/orders

# Orders on a real PostgreSQL, whose password is rotated under load.
run-postgres:
	cd examples/orders-postgres && go run ./rotate

# Every gate over every module; installs what it needs.
test:
	bash .ci/run

# Every table of README.md measured anew and written into it: a quarter of an
# hour, on a machine that does nothing else. ONLY=filter,metrics are some of them.
bench:
	bash .ci/install
	cd internal/bench && go run . $(if $(ONLY),-only $(ONLY))

# The packages that link an SDK vetted for other platforms, too: minutes each.
vet-all:
	VET_ALL=1 bash .ci/run cross

# s3select beside MinIO's own S3 Select; builds MinIO first, which takes minutes.
minio:
	GOBIN=$(CURDIR)/bin go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
	cd filter/s3select/internal/benchmarks && MINIO_BIN=$(CURDIR)/bin/minio go test -run TestMinIO -v .
