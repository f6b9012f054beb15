// Package image keeps container images: it pulls them from registries, reads
// them from archives, verifies, unpacks and names them, and throws them away.
//
// # What an image is
//
// A manifest lists a config and layers by their digests, the sha256 of their
// bytes. The config says how to run it and lists the layers a second time, by
// the digests of their uncompressed tar streams: the diff ids. The digest of
// the config is the image's id. A name such as busybox:latest points to a
// manifest, or to an index with one manifest per platform. So one trusted
// digest covers everything, and whoever delivers it can be anyone.
//
// # What is on disk
//
//	oci-layout, index.json   an OCI image layout: the truth about names. One
//	blobs/sha256/HEX         entry per name; manifests, configs, and layers as
//	                         they came, compressed, for push and save.
//	layers/HEX/diff          an unpacked layer, an overlayfs lower directory. HEX
//	                         is the first half of its diff id: short, because a
//	                         mount's options end at one page.
//	layers/HEX/layer.json    its whole diff id, its blob and its sizes
//	images/HEX.json          what a start needs of an image, in one small file
//	refs/NAME                a symbolic link into images/: Find is one open and
//	                         one read. Made from index.json, and remade from it.
//	partial/HEX              the beginning of a blob; a later pull goes on there
//	tmp/lease-N, tmp/tmp-N   what a pull is about to use; files that still grow
//
// A layer that was there before under another compression is not downloaded
// again, so its blob may be missing under the manifest's digest; layer.json then
// names the blob that holds the same bytes.
//
// # A layer is handled once
//
// The registry's bytes go, as they arrive, into partial/HEX and the first
// sha256, are decompressed, go into the second sha256 and are unpacked into
// layers/tmp-N. If both digests are as promised the partial file becomes a blob and
// the directory gets its name by rename(2). No byte is read twice, unless a killed
// pull left it in partial/. Nothing is synced to disk: that would cost more than the
// pull, which can be repeated. After a power cut within seconds of a pull, files of
// its layers may be empty; rmi and pull make them again. Memory is bounded by the number of layers at once, not their size.
//
// # Many processes
//
// There is no daemon and no lock for all. flock(2) guards, each for itself:
// partial/HEX, so that one process downloads a layer and others wait for it and
// find it done; layers/tmp-N, so that others see that its owner lives; and
// index.lock for the milliseconds of a change of names. The kernel drops them
// when their owner dies, however it dies. A pull writes what it is about to use
// into a lease before it looks at what exists; a deletion reads the leases under
// index.lock and leaves that alone.
//
// The order of a pull is: layers, blobs, images/, index.json, refs/. Killed at any
// point, what exists is complete, and what is not complete has no name yet.
package image
