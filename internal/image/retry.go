package image

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// patience is how a registry's refusals are borne.
type patience struct {
	attempts int           // in a row without any progress
	first    time.Duration // pause, doubled each time
	longest  time.Duration // pause; a Retry-After above it ends the pull
	stall    time.Duration // without a byte, a connection counts as torn
}

// ordinary patience: a pull gives up after about a quarter of a minute of refusals.
var ordinary = patience{attempts: 6, first: 500 * time.Millisecond, longest: 60 * time.Second, stall: 60 * time.Second}

// pause waits before attempt n (from 1), or as long as the registry asked, which
// wins when it is longer.
func (p patience) pause(ctx context.Context, n int, asked time.Duration) error {
	d := p.first << min(n-1, 10)
	d = min(d+time.Duration(rand.Int64N(int64(d)/4+1)), p.longest/4)
	timer := time.NewTimer(max(d, asked))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// retryAfter reads the header in both its forms: seconds, or a date.
func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return min(time.Duration(n), 1<<20) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// temporary says which statuses may be better a moment later.
func temporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

var errRange = errors.New("range not satisfiable")

// refusal makes a sentence of a registry's status and message.
func refusal(registry, what string, status int, asked time.Duration, message string) error {
	if strings.EqualFold(message, ErrUnknown.Error()) || strings.EqualFold(message, ErrUnauthorized.Error()) {
		message = "" // the sentence says so already
	}
	if message != "" {
		message = ": " + message
	}
	switch {
	case status == http.StatusTooManyRequests:
		return fmt.Errorf("%s: %w", what, &RateLimitError{Registry: registry, Wait: asked, Message: trimColon(message)})
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fmt.Errorf("%s: %w: registry %s refuses%s", what, ErrUnauthorized, registry, message)
	case status == http.StatusNotFound:
		return fmt.Errorf("%s: %w: registry %s does not have it%s", what, ErrUnknown, registry, message)
	case status == http.StatusRequestedRangeNotSatisfiable:
		return fmt.Errorf("%s: %w: %s cannot give a part of it: %w%s", what, ErrRegistry, registry, errRange, message)
	default:
		return fmt.Errorf("%s: %w: %s says %d %s%s", what, ErrRegistry, registry, status, http.StatusText(status), message)
	}
}

func trimColon(s string) string {
	if len(s) > 2 {
		return s[2:]
	}
	return s
}
