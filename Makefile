# The commands that people use; CMake and Ninja do the work. `make help` lists them.
BUILD ?= build
JOBS ?= $(shell nproc)
EPOCHS ?= 3
PREFIX ?= $(or $(prefix),/usr/local)
DEMO_MODELS := cnn-3conv-leaky gru-128 cnn-32-lstm
BENCH_FLAGS ?= # for bench/versus-pytorch, bench/versus-onnxruntime and bench/tsne, as --rounds 5
SCALING_FLAGS ?= # for bench/scaling/scaling.py, as --sweeps batch,isa
REPORT ?= # the report that `make screenshots` takes pictures of
QUICK ?= # 1: `make bench` takes few measurements and keeps them out of bench/results

TSAN_TESTS := parity/ property/ fault/test_plan unit/test_threads unit/test_train unit/test_checkpoint \
	unit/test_callbacks unit/test_serve unit/test_metrics unit/test_profile unit/test_allocations unit/test_duplicates unit/test_tsne

# GNU directory variables (make install libdir=lib64) go to CMake; one that is not given has its default.
gnu_dir = $(if $($(1)),-DCMAKE_INSTALL_$(2)="$($(1))",-UCMAKE_INSTALL_$(2))
gnu_dirs = $(call gnu_dir,bindir,BINDIR) $(call gnu_dir,libdir,LIBDIR) \
	$(call gnu_dir,includedir,INCLUDEDIR) $(call gnu_dir,datadir,DATADIR) \
	$(call gnu_dir,mandir,MANDIR) $(call gnu_dir,docdir,DOCDIR)

define build_all
cmake --preset release -B "$(BUILD)" -DCMAKE_INSTALL_PREFIX="$(PREFIX)" $(gnu_dirs)
cmake --build "$(BUILD)" -j $(JOBS) --target all man
endef

.PHONY: build demo check check-isa check-models tsan install bench bench-onnxruntime bench-tsne screenshots same-bits format \
	format-check clean help

build: ## compile the library, the command and the tests (tools/bootstrap build installs what it needs)
	$(build_all)

demo: ## install what is missing, build, train three models on Fashion-MNIST and compare them
	tools/bootstrap demo
	$(build_all)
	"$(BUILD)/weft" compare $(DEMO_MODELS) --epochs $(EPOCHS) --output runs/demo

check: ## install what is missing, build and run every test
	tools/bootstrap check
	$(build_all)
	@tools/run-tests --build-dir "$(BUILD)"

check-isa: build ## run every test with the kernels of each lower ISA level that this CPU has
	@tools/run-tests --levels --exclude browser/ --timeout 900 --build-dir "$(BUILD)"

check-models: build ## what make check does with every model of models/, for the largest ones as well
	@WEFT_TEST_FULL=1 tools/run-tests --timeout 1800 --build-dir "$(BUILD)" property/test_learning export/test_models

tsan: ## build with ThreadSanitizer and run the tests in which threads share work
	cmake --preset tsan
	cmake --build --preset tsan -j $(JOBS)
	@WEFT_TEST_QUICK=1 tools/run-tests --build-dir build/tsan --timeout 1800 $(TSAN_TESTS)

install: build ## install to PREFIX (/usr/local); knows DESTDIR, bindir, libdir, includedir, datadir, mandir
	DESTDIR="$(DESTDIR)" cmake --install "$(BUILD)"
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" = 0 ]; then ldconfig; fi

bench: ## install what is missing, build, time training steps against PyTorch's and how they grow (QUICK=1)
	tools/bootstrap bench
	$(build_all)
	bench/pytorch/check.py
	bench/versus-pytorch --weft "$(BUILD)/weft" $(if $(QUICK),--rounds 1 --seconds 0.3) $(BENCH_FLAGS)
	bench/scaling/scaling.py --weft "$(BUILD)/weft" \
		$(if $(QUICK),--quick --output "$(BUILD)/bench-results") $(SCALING_FLAGS)

bench-onnxruntime: ## install what is missing, build, time answers against ONNX Runtime's
	tools/bootstrap bench
	$(build_all)
	bench/versus-onnxruntime --weft "$(BUILD)/weft" $(BENCH_FLAGS)

bench-tsne: ## install what is missing, build, map test images by t-SNE, weft's and scikit-learn's
	tools/bootstrap bench
	$(build_all)
	bench/tsne --weft "$(BUILD)/weft" $(BENCH_FLAGS)

screenshots: build ## pictures of a report (REPORT=report.html; of `make demo` without) and of the live page
	@[ -n "$(REPORT)" ] || [ -f runs/demo/comparison.html ] || $(MAKE) demo
	WEFT_SCREENSHOTS="$(CURDIR)/docs/pictures" WEFT_REPORT="$(or $(REPORT),runs/demo/comparison.html)" \
		tests/browser/run tests/browser/screenshots_report.mjs
	WEFT_SCREENSHOTS="$(CURDIR)/docs/pictures" WEFT="$(abspath $(BUILD))/weft" \
		tests/browser/run tests/browser/screenshots_live.mjs

same-bits: build ## train two models with 1, 2, 3 and 5 threads and compare their weights' SHA-256
	tools/same-bits "$(BUILD)/weft"

format: ## format the C code
	tools/format

format-check: ## say what is not formatted
	tools/format --check

clean: ## remove what was built; runs stay
	rm -rf "$(BUILD)"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile
