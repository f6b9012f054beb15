// Package cgroup makes, limits, joins, reads, freezes, kills and deletes control groups, of version 1 and 2.
package cgroup
