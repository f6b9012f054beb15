// Package unionfs is chapter 4: the union file system that makes an image out of layers and a container out of an image.
package unionfs
