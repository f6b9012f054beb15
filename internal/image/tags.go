package image

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxTags of one repository are listed.
const maxTags = 100_000

// Tags asks a registry for all tags of a repository, sorted: what pull --all-tags
// pulls. The errors are those of Pull.
func (s *Store) Tags(ctx context.Context, name string, opt PullOptions) ([]string, error) {
	ref, err := ParseReference(name)
	if err != nil {
		return nil, err
	}
	c, err := newClient(ref, opt.Insecure, s.patience)
	if err != nil {
		return nil, err
	}
	defer c.close()
	what := "list tags of " + familiar(ref.Name())
	var tags []string
	for page := "tags/list?n=1000"; page != "" && len(tags) < maxTags; {
		resp, err := c.do(ctx, http.MethodGet, page, nil, what)
		if err != nil {
			return nil, err
		}
		var list struct {
			Tags []string `json:"tags"`
		}
		err = json.NewDecoder(io.LimitReader(resp.Body, maxConfig)).Decode(&list)
		resp.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", what, ErrRegistry, err)
		}
		for _, t := range list.Tags {
			if validTag(t) {
				tags = append(tags, t)
			}
		}
		page = nextPage(resp.Header.Get("Link"))
		if len(list.Tags) == 0 {
			page = ""
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// nextPage takes the query out of <…?last=x&n=y>; rel="next": where the list goes on
// is always this repository.
func nextPage(link string) string {
	target, _, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(link), "<"), ">")
	u, err := url.Parse(target)
	if !ok || err != nil || !strings.Contains(link, "next") || u.RawQuery == "" {
		return ""
	}
	return "tags/list?" + u.RawQuery
}
