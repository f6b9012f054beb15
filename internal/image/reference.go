package image

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Reference is a name by which a registry knows an image, in full: nothing
// is left to be guessed from it any more.
//
//	busybox                    docker.io      library/busybox  latest
//	localhost:5000/team/app:2  localhost:5000 team/app         2
//	ghcr.io/x/y@sha256:…       ghcr.io        x/y                      sha256:…
type Reference struct {
	Registry   string // host or host:port; Docker Hub is "docker.io"
	Repository string // path below the registry, "library/busybox"
	Tag        string // empty when only a digest was given
	Digest     string // "sha256:" and 64 hexadecimal digits, or empty; wins over Tag
}

const (
	dockerHub      = "docker.io"
	maxRepository  = 255
	maxTag         = 128
	digestPrefix   = "sha256:"
	digestHexChars = 64
)

// ParseReference reads a name as Docker does: a first component with a dot or
// a colon in it, or "localhost", is a registry; else the registry is Docker
// Hub, where a name of one component lives below library/. Without a tag and a
// digest the tag is latest.
//
// The errors wrap ErrReference and say which character is wrong.
func ParseReference(s string) (Reference, error) {
	bad := func(format string, a ...any) (Reference, error) {
		return Reference{}, fmt.Errorf("%w: "+format, append([]any{ErrReference}, a...)...)
	}
	if s == "" {
		return bad("the name of the image is empty")
	}
	var r Reference
	rest := s
	if name, digest, ok := strings.Cut(rest, "@"); ok {
		if !validDigest(digest) {
			return bad("digest %q is not sha256: and 64 hexadecimal digits", digest)
		}
		rest, r.Digest = name, digest
	}
	if colon := strings.LastIndexByte(rest, ':'); colon >= 0 && !strings.Contains(rest[colon:], "/") {
		rest, r.Tag = rest[:colon], rest[colon+1:]
		if !validTag(r.Tag) {
			return bad("tag %q: a tag has 1 to %d letters, digits, '_', '.' and '-', and does not begin with '.' or '-'", r.Tag, maxTag)
		}
	}
	r.Registry, r.Repository = splitRegistry(rest)
	if !validRegistry(r.Registry) {
		return bad("registry %q is not a host name or address with an optional port", r.Registry)
	}
	if r.Tag == "" && r.Digest == "" {
		if r.Registry == dockerHub && isHex(rest) && len(rest) == digestHexChars {
			return bad("repository name (%s) cannot be 64 hexadecimal digits: that is an image id", rest)
		}
		r.Tag = "latest"
	}
	if why := repositoryFault(r.Repository); why != "" {
		return bad("repository name (%s) %s", r.Repository, why)
	}
	if r.Registry == dockerHub && !strings.Contains(r.Repository, "/") {
		r.Repository = "library/" + r.Repository
	}
	return r, nil
}

// String is the canonical form, with registry, namespace and tag or digest:
// the key under which the store files an image.
func (r Reference) String() string {
	if r.Digest != "" {
		return r.Name() + "@" + r.Digest
	}
	return r.Name() + ":" + r.Tag
}

// Name is the canonical form without tag and digest.
func (r Reference) Name() string { return r.Registry + "/" + r.Repository }

// Familiar is the form people type: without docker.io/ and library/.
func (r Reference) Familiar() string { return familiar(r.String()) }

// familiar shortens a canonical name.
func familiar(name string) string {
	if rest, ok := strings.CutPrefix(name, dockerHub+"/library/"); ok {
		// docker.io/library/a/b must keep its library/: a/b is another image.
		if !strings.Contains(strings.SplitN(rest, "@", 2)[0], "/") {
			return rest
		}
	}
	return strings.TrimPrefix(name, dockerHub+"/")
}

// identifier is what the registry's manifest URL ends in.
func (r Reference) identifier() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}

// withDigest is the name of exactly this content in the same repository.
func (r Reference) withDigest(digest string) Reference {
	return Reference{Registry: r.Registry, Repository: r.Repository, Digest: digest}
}

func splitRegistry(name string) (registry, repository string) {
	first, rest, ok := strings.Cut(name, "/")
	if !ok || (!strings.ContainsAny(first, ".:") && first != "localhost" && strings.ToLower(first) == first) {
		return dockerHub, name
	}
	if first == "index."+dockerHub {
		first = dockerHub
	}
	return first, rest
}

func validRegistry(host string) bool {
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return false
		}
		addr, err := netip.ParseAddr(host[1:end])
		return err == nil && addr.Is6() && addr.Zone() == "" && (end+1 == len(host) || validPort(host[end+1:]))
	}
	name, port := host, ""
	if colon := strings.IndexByte(host, ':'); colon >= 0 {
		if name, port = host[:colon], host[colon:]; !validPort(port) {
			return false
		}
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLower(c) && !isDigit(c) && c != '-' && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

func validPort(s string) bool {
	if len(s) < 2 || len(s) > 6 || s[0] != ':' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// repositoryFault says what is wrong with a repository's path, or "". Each
// component is words of lower case letters and digits, joined by '.', '_',
// "__" or any number of '-'.
func repositoryFault(repository string) string {
	switch {
	case repository == "":
		return "is empty"
	case len(repository) > maxRepository:
		return fmt.Sprintf("has more than %d characters", maxRepository)
	case strings.ToLower(repository) != repository:
		return "must be lowercase"
	}
	for component := range strings.SplitSeq(repository, "/") {
		if component == "" {
			return "has an empty component"
		}
		for i := 0; i < len(component); {
			c := component[i]
			if isLower(c) || isDigit(c) {
				i++
				continue
			}
			run := i
			for run < len(component) && component[run] == c {
				run++
			}
			n := run - i
			switch {
			case c != '.' && c != '_' && c != '-':
				return fmt.Sprintf("cannot contain %q: lower case letters, digits, and '.', '_', '-' between them", firstRune(component[i:]))
			case i == 0 || run == len(component):
				return fmt.Sprintf("cannot begin or end a component with %q", c)
			case (c == '.' && n > 1) || (c == '_' && n > 2):
				return fmt.Sprintf("cannot contain %q", component[i:run])
			case !isLower(component[run]) && !isDigit(component[run]):
				return fmt.Sprintf("cannot contain %q", component[i:run+1])
			}
			i = run
		}
	}
	return ""
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func validTag(tag string) bool {
	if tag == "" || len(tag) > maxTag || tag[0] == '.' || tag[0] == '-' {
		return false
	}
	for i := range len(tag) {
		c := tag[i]
		if !isLower(c) && !isDigit(c) && (c < 'A' || c > 'Z') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// validDigest also protects the store: a digest becomes a file's name.
func validDigest(s string) bool {
	hex, ok := strings.CutPrefix(s, digestPrefix)
	return ok && len(hex) == digestHexChars && isHex(hex)
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return s != ""
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
