package image

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What can be wrong, for errors.Is. The sentence around each says with what.
var (
	// ErrReference: the text is not the name of an image. From ParseReference and all that take a name.
	ErrReference = errors.New("invalid reference format")
	// ErrNotFound: the store has no such image. From Find, Remove, Tag, and Pull under PullNever.
	ErrNotFound = errors.New("no such image")
	// ErrAmbiguous: an id's prefix fits more than one image. From Find.
	ErrAmbiguous = errors.New("ambiguous image id")
	// ErrUnknown: the registry has no such repository, tag or digest. From Pull.
	ErrUnknown = errors.New("manifest unknown")
	// ErrUnauthorized: the registry wants a login, or has another opinion of the one it got. From Pull.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrRateLimited: the registry said 429 until patience ended; see RateLimitError. From Pull.
	ErrRateLimited = errors.New("too many requests")
	// ErrUnreachable: no connection to the registry, or one that broke too often. From Pull.
	ErrUnreachable = errors.New("registry unreachable")
	// ErrRegistry: the registry answered with what is no answer (5xx, not its protocol). From Pull.
	ErrRegistry = errors.New("registry error")
	// ErrDigest: content is not what its digest promises; nothing of it was kept. From Pull, Load, Add.
	ErrDigest = errors.New("wrong digest")
	// ErrPlatform: the image exists, but not for this kind of machine; see PlatformError. From Pull, Load.
	ErrPlatform = errors.New("no matching platform")
	// ErrNotImage: valid content that is not a container image (a chart, an attestation, schema 1, not an archive). From Pull, Load.
	ErrNotImage = errors.New("not a container image")
	// ErrConflict: the image is in use or has other names. From Remove.
	ErrConflict = errors.New("conflict")
	// ErrChange: a line for Change that is not understood. From Change and Import.
	ErrChange = errors.New("invalid change")
)

// A PlatformError lists what an image is there for.
type PlatformError struct {
	Image string   // as asked for
	Want  string   // "linux/arm64/v8"
	Have  []string // sorted
}

func (e *PlatformError) Error() string {
	have := strings.Join(e.Have, ", ")
	if have == "" {
		have = "nothing that can run"
	}
	return fmt.Sprintf("image %s has no version for %s; it has %s", e.Image, e.Want, have)
}

// Is makes errors.Is(err, ErrPlatform) true.
func (e *PlatformError) Is(target error) bool { return target == ErrPlatform }

// A RateLimitError says how long the registry wants to be left alone.
type RateLimitError struct {
	Registry string
	Wait     time.Duration // its Retry-After; 0 when it did not say
	Message  string        // what it said, or empty
}

func (e *RateLimitError) Error() string {
	s := "registry " + e.Registry + ": too many requests"
	if e.Message != "" {
		s += " (" + e.Message + ")"
	}
	if e.Wait > 0 {
		s += "; it asks to wait " + e.Wait.Round(time.Second).String()
	}
	return s
}

// Is makes errors.Is(err, ErrRateLimited) true.
func (e *RateLimitError) Is(target error) bool { return target == ErrRateLimited }
