package image

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

func (c *client) loggedIn() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.logged
}

// login asks the registry what it wants, finds the user's credentials in Docker's
// config file (or Podman's, or a credential helper's), and gets a token for them,
// or for nobody.
func (c *client) login(ctx context.Context, what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logged {
		return nil
	}
	options := []name.Option{name.WeakValidation}
	if c.insecure {
		options = append(options, name.Insecure)
	}
	registry, err := name.NewRegistry(c.host, options...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReference, err)
	}
	repository := registry.Repo(c.repository)
	auth, err := authn.Resolve(ctx, authn.DefaultKeychain, repository)
	if err != nil {
		return fmt.Errorf("%s: read docker's login for %s: %w", what, c.registry, err)
	}
	for attempt := 1; ; attempt++ {
		rt, err := transport.NewWithContext(ctx, registry, auth, c.base, []string{repository.Scope(transport.PullScope)})
		if err == nil {
			c.rt, c.logged, c.proven = rt, true, true
			return nil
		}
		again, reason := c.networkFault(ctx, what, err)
		var refused *transport.Error
		if errors.As(err, &refused) {
			again = temporary(refused.StatusCode)
			reason = refusal(c.registry, what, refused.StatusCode, 0, messageOf(refused))
		}
		if !again || attempt >= c.patience.attempts {
			return reason
		}
		if err := c.patience.pause(ctx, attempt, 0); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
}
