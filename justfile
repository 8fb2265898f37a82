# The recipes are the steps of .ci/run: what passes here passes there.

# Show the recipes
default:
    @just --list --unsorted

# Formatting, as rustfmt has it (`cargo fmt --all` repairs it)
fmt:
    @.ci/run fmt

# Clippy, warnings denied
lint:
    @.ci/run lint

# API documentation, warnings denied
doc:
    @.ci/run doc

# A build without protoc on the system
build-no-protoc:
    @.ci/run build-no-protoc

# All tests
test:
    @.ci/run test

# dns-core without std, without any feature, and with the hickory adapter
features:
    @.ci/run features

# What dns-core links
tree:
    @.ci/run tree

# Where unsafe code is
unsafe:
    @.ci/run unsafe

# Bans, licences and sources of dependencies (skipped without cargo-deny)
deny:
    @.ci/run deny

# Instructions of the engine's operations against their bounds (skipped without valgrind)
instructions:
    @.ci/run instructions

# Everything, after installing the DNS clients that the tests compare with
ci:
    @.ci/run
