package image

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// A client speaks the distribution protocol with one registry about one
// repository: GET and HEAD of manifests and blobs. It logs in when the registry
// first says 401, so that one without accounts costs no extra round trip.
type client struct {
	registry   string // as people call it
	host       string // where it is
	repository string
	insecure   bool
	patience   patience
	base       http.RoundTripper

	mu     sync.Mutex
	rt     http.RoundTripper // base, or with the login around it
	scheme string
	proven bool // the scheme has led to an answer
	logged bool
}

func newClient(ref Reference, insecure bool, p patience) (*client, error) {
	c := &client{
		registry: ref.Registry, host: ref.Registry, repository: ref.Repository,
		patience: p, scheme: "https",
		insecure: insecure || isLoopback(ref.Registry),
	}
	if c.host == dockerHub {
		c.host = name.DefaultRegistry
	}
	if c.insecure {
		c.scheme = "http" // a registry with TLS there will tell
	}
	config, err := tlsConfig(ref.Registry, insecure)
	if err != nil {
		return nil, err
	}
	c.base = &guarded{client: c, inner: &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 20 * time.Second}).DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   20 * time.Second,
		ResponseHeaderTimeout: p.stall,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   8,
		DisableCompression:    true, // the bytes are what the digest covers
		ReadBufferSize:        64 << 10,
	}}
	c.rt = c.base
	return c, nil
}

// isLoopback is Docker's rule for where plain http is right without being asked.
func isLoopback(registry string) bool {
	host := registry
	if h, _, err := net.SplitHostPort(registry); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// tlsConfig reads certs.d as docker does: what is there is for this registry alone.
func tlsConfig(registry string, insecure bool) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: insecure}
	for _, dir := range []string{"/etc/docker/certs.d", "/etc/containers/certs.d"} {
		authorities, _ := filepath.Glob(filepath.Join(dir, registry, "*.crt"))
		for _, file := range authorities {
			pem, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read certificate for %s: %w", registry, err)
			}
			if config.RootCAs == nil {
				if config.RootCAs, err = x509.SystemCertPool(); err != nil {
					config.RootCAs = x509.NewCertPool()
				}
			}
			config.RootCAs.AppendCertsFromPEM(pem)
		}
		certs, _ := filepath.Glob(filepath.Join(dir, registry, "*.cert"))
		for _, file := range certs {
			pair, err := tls.LoadX509KeyPair(file, strings.TrimSuffix(file, ".cert")+".key")
			if err != nil {
				return nil, fmt.Errorf("read certificate for %s: %w", registry, err)
			}
			config.Certificates = append(config.Certificates, pair)
		}
	}
	return config, nil
}

// close lets go of connections that wait for another request.
func (c *client) close() {
	(&http.Client{Transport: c.base}).CloseIdleConnections()
}

// guarded never speaks plain http to a registry that is not meant to be so
// addressed, whatever a library or a redirection tries: a login would be readable.
type guarded struct {
	client *client
	inner  http.RoundTripper
}

// CloseIdleConnections is for client.close.
func (g *guarded) CloseIdleConnections() { (&http.Client{Transport: g.inner}).CloseIdleConnections() }

var errPlain = errors.New("plain http is only for registries on this machine")

func (g *guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && r.URL.Host == g.client.host && !g.client.insecure {
		return nil, errPlain
	}
	r.Header.Set("User-Agent", "lab")
	return g.inner.RoundTrip(r)
}

func (c *client) manifestPath(identifier string) string { return "manifests/" + identifier }
func (c *client) blobPath(digest string) string         { return "blobs/" + digest }

// do asks until there is an answer with a 2xx status, which it returns.
func (c *client) do(ctx context.Context, method, path string, header http.Header, what string) (*http.Response, error) {
	if c.registry == dockerHub {
		// The answer to a first try without a token is known.
		if err := c.login(ctx, what); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		resp, err := c.once(ctx, method, path, header)
		if err == nil && resp.StatusCode/100 == 2 {
			return resp, nil
		}
		again, asked, reason := false, time.Duration(0), error(nil)
		if err != nil {
			again, reason = c.networkFault(ctx, what, err)
		} else {
			status := resp.StatusCode
			asked = retryAfter(resp.Header)
			message := diagnosis(resp)
			if status == http.StatusUnauthorized && !c.loggedIn() {
				if err := c.login(ctx, what); err != nil {
					return nil, err
				}
				continue
			}
			again = temporary(status) && asked <= c.patience.longest
			reason = refusal(c.registry, what, status, asked, message)
		}
		if !again || attempt >= c.patience.attempts {
			return nil, reason
		}
		if err := c.patience.pause(ctx, attempt, asked); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
}

// once sends one request, on a machine's own registry in either scheme.
func (c *client) once(ctx context.Context, method, path string, header http.Header) (*http.Response, error) {
	c.mu.Lock()
	scheme, proven, rt := c.scheme, c.proven, c.rt
	c.mu.Unlock()
	resp, err := c.send(ctx, rt, scheme, method, path, header)
	if !proven && scheme == "http" && wantsTLS(resp, err) {
		if resp != nil {
			resp.Body.Close()
		}
		scheme = "https"
		resp, err = c.send(ctx, rt, scheme, method, path, header)
	}
	if err == nil {
		c.mu.Lock()
		c.scheme, c.proven = scheme, true
		c.mu.Unlock()
	}
	return resp, err
}

func (c *client) send(ctx context.Context, rt http.RoundTripper, scheme, method, path string, header http.Header) (*http.Response, error) {
	url := scheme + "://" + c.host + "/v2/" + c.repository + "/" + path
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	return (&http.Client{Transport: rt}).Do(req)
}

// wantsTLS recognises a TLS server that was addressed in plain http.
func wantsTLS(resp *http.Response, err error) bool {
	if err != nil {
		return strings.Contains(err.Error(), "malformed HTTP response")
	}
	return resp.StatusCode == http.StatusBadRequest && resp.Header.Get("Docker-Distribution-Api-Version") == ""
}
