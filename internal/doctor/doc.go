// Package doctor finds out what a machine can do for lab, by trying it.
//
// A version number says little: distributions add features to old kernels and take them away from new ones by a sysctl, an
// AppArmor profile, or a module that is in another package. So each [Check] does the thing itself, small, in a child of clone3(2)
// whose namespaces end with it: it mounts an overlay, makes a bridge, installs a filter. What a child cannot take with it,
// a control group or a directory on the store's disk, the check removes. Nothing is touched that the check did not make, and no
// check takes longer than [Patience].
//
// Start with [Checks], which is the table of all there is to know; [Run] goes through it. The answer to each is a [Finding].
//
// Works without root too. What then cannot be tried as oneself is tried in a user namespace of one's own, and what that does not
// answer is [Unknown].
package doctor
