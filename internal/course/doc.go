// Package course is the guided course: labs that a learner does at the machine, and checks that ask the kernel how far
// they have come.
//
// # What a lab is
//
// A folder: README.md is the lesson, lab.yaml says what there is to do, and start/ and solution/ are there where the
// learner writes Go. [Load] reads one, strictly: what lab.yaml may hold is the Go types of this package, beginning with
// [Lab], and docs/reference/lab-yaml.md tells it with an example each. A [Catalog] is all labs: those inside the program,
// and those in a folder on disk, which win.
//
// # What a check is
//
// A [Check] is a question to the kernel: which namespaces does that process have, what is mounted there, what does the
// group's file say. It never asks how it came to be so: `unshare -n` and `lab ns unshare -n` pass the same check. The
// answer is a [Finding]: what was expected, what was found, and where to look.
//
// # What is remembered
//
// A [Session] is the course of one learner: what is done ([Progress]), and what a lab has made or found when it began
// ([Ledger]), which is what [Session.Reset] undoes. Both are small JSON files to be read by people.
//
// The package knows no HTTP and no flags. Nothing is parsed before a lab is asked for: the package costs other commands
// nothing.
package course
