package image

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// networkFault says what a failed request means, and whether to try again: not
// when there is no such host, nobody listens, or it is not who it should be.
func (c *client) networkFault(ctx context.Context, what string, err error) (again bool, reason error) {
	if ctx.Err() != nil {
		return false, fmt.Errorf("%s: %w", what, context.Cause(ctx))
	}
	reason = fmt.Errorf("%s: %w: %s: %w", what, ErrUnreachable, c.registry, plainly(err))
	var dns *net.DNSError
	var dial *net.OpError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert), errors.Is(err, errPlain):
		return false, reason
	case errors.As(err, &dns):
		return dns.IsTemporary && c.reached(), reason
	case errors.As(err, &dial) && dial.Op == "dial":
		return c.reached(), reason
	}
	return true, reason
}

func (c *client) reached() bool {
	if !c.mu.TryLock() {
		return false // during login
	}
	defer c.mu.Unlock()
	return c.proven
}

// plainly takes the request's method and address off an error: the sentence around
// it says what was wanted from whom.
func plainly(err error) error {
	var u interface{ Unwrap() error }
	if strings.HasPrefix(err.Error(), "Get ") || strings.HasPrefix(err.Error(), "Head ") {
		if errors.As(err, &u) && u.Unwrap() != nil {
			return u.Unwrap()
		}
	}
	return err
}

// diagnosis reads what the registry says to its refusal, and closes the answer.
func diagnosis(resp *http.Response) string {
	defer resp.Body.Close()
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, 64<<10), resp.Body}
	var refused *transport.Error
	if errors.As(transport.CheckError(resp), &refused) {
		return messageOf(refused)
	}
	return ""
}

func messageOf(e *transport.Error) string {
	var parts []string
	for _, d := range e.Errors {
		switch {
		case d.Message != "":
			parts = append(parts, strings.TrimSpace(d.Message))
		case d.Code != "":
			parts = append(parts, strings.ToLower(string(d.Code)))
		}
	}
	s := strings.Join(parts, "; ")
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.Map(printable, s)
}

// printable keeps a registry from writing to the terminal what it likes.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) {
		return ' '
	}
	return r
}
