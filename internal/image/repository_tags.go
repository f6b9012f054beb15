package image

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	tagsPage   = 1000     // how many tags to ask for at once
	tagsPages  = 1000     // a registry that never comes to an end is not followed further
	tagsAnswer = 16 << 20 // bytes of one answer
)

// RepositoryTags lists the tags that a registry has in the repository of name, which is without tag and digest, in order.
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
	path := fmt.Sprintf("tags/list?n=%d", tagsPage)
	for range tagsPages {
		tags, next, err := c.tags(ctx, path)
		if err != nil {
			return nil, fmt.Errorf("list the tags of %s: %w", ref.Name(), err)
		}
		all = append(all, tags...)
		if next == "" || len(tags) == 0 {
			break
		}
		path = fmt.Sprintf("tags/list?n=%d&last=%s", tagsPage, tags[len(tags)-1])
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

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
	if slices.ContainsFunc(list.Tags, func(tag string) bool { return tag == "" || strings.ContainsAny(tag, "/?&#% \n") }) {
		return nil, "", fmt.Errorf("the registry's answer has a tag that cannot be one")
	}
	return list.Tags, header.Get("Link"), nil
}
