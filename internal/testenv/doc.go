// Package testenv is what the tests stand on: gates that say what a test needs, names that
// belong to one test process, and a TestMain that fails a run which leaves something behind.
//
// # Gates
//
// A gate asks the kernel by doing the thing ([Overlay] mounts one), and skips the test with one
// sentence that names what is missing. Under LAB_REQUIRE_ROOT=1, which .ci/run sets, a skip must
// be earned: what should exist on a machine for this project and does not is a failure. Only
// what a sound machine may lack (a program, the other version of cgroups) is always a skip.
//
// # Leaks
//
// A package whose tests ask the kernel for anything has this, and no more:
//
//	func TestMain(m *testing.M) { testenv.Main(m) }
//
// Packages are tested at the same time, so a check may only blame its own process. [Main] sees
// to that by construction, not by guessing. The test binary starts itself again as its own
// child, in a mount and a network namespace of its own (when root): what is mounted or linked
// there, this run made. The process that go test started stays outside as a subreaper: a process
// whose parent ended becomes its child, and whatever is left when the tests are over was
// started by them. Control groups have no such walls, so they are told apart by [Name].
//
// Nothing here imports another package of this module.
package testenv
