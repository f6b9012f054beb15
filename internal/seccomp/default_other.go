//go:build !(linux && (amd64 || arm64))

package seccomp

// Nothing is compiled ahead for this architecture.
const (
	relevantCaps = 0
	defaultCode  = ""
	defaultJSON  = ""
)
