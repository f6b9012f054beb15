// Package store keeps lab's records on disk, and above all the ledger: what must be undone, written down before it is done.
//
// Everything is a file that a person can read. A name of a container is a symbolic link in names/, which the kernel makes
// for one of two rivals only; what is in the making has a file in ledger/, locked by its owner with flock(2). The kernel drops
// the lock when the owner dies, in whatever way, and so the next lab command finds out and finishes the undoing.
//
// There is a lock for each object and none for all of them.
package store
