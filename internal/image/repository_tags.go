package image

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const (
	tagsPage   = 1000     // how many tags to ask for at once
	tagsPages  = 1000     // a registry that never comes to an end is not followed further
	tagsAnswer = 16 << 20 // bytes of one answer
)

// RepositoryTags lists the tags that a registry has in the repository of name, sorted. A tag or digest in name does not matter. The errors
// are those of Pull.
//
// Distribution protocol: GET /v2/<name>/tags/list, and the pages that the header Link leads to.
func (s *Store) RepositoryTags(ctx context.Context, name string, insecure bool) ([]string, error) {
	ref, err := ParseReference(name)
	if err != nil {
		return nil, err
	}
	c, err := newClient(ref, insecure, s.patience)
	if err != nil {
		return nil, err
	}
	defer c.close()
	var all []string
	query := fmt.Sprintf("n=%d", tagsPage)
	for range tagsPages {
		tags, next, err := c.tags(ctx, "tags/list?"+query)
		if err != nil {
			return nil, fmt.Errorf("list the tags of %s: %w", ref.Name(), err)
		}
		all = append(all, tags...)
		if next == "" || next == query || len(tags) == 0 {
			break
		}
		query = next
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// tags gets one page, and the query that leads to the next one; "" for the last.
func (c *client) tags(ctx context.Context, path string) (tags []string, next string, err error) {
	data, header, err := c.fetch(ctx, path, "", tagsAnswer, nil, "get the list of tags")
	if err != nil {
		return nil, "", err
	}
	var list struct {
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, "", fmt.Errorf("the registry's answer is no list of tags: %w", err)
	}
	if slices.ContainsFunc(list.Tags, func(tag string) bool { return !validTag(tag) }) {
		return nil, "", fmt.Errorf("the registry's answer has a tag that cannot be one")
	}
	return list.Tags, nextPage(header.Get("Link")), nil
}

// nextPage takes the query out of the header Link (RFC 8288), </v2/name/tags/list?last=x&n=1000>; rel="next": what a registry counts its
// pages with is its own affair. The path is left out, for the list goes on in the same repository.
func nextPage(link string) string {
	target, parameters, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(link), "<"), ">")
	u, err := url.Parse(target)
	if !ok || err != nil || !strings.Contains(parameters, "next") {
		return ""
	}
	return u.RawQuery
}
