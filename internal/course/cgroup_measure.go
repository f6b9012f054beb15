package course

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/container-labs/lab/pkg/cgroup"
)

// groupCPU measures.
func (v *View) groupCPU(ctx context.Context, m *cgroup.Machine, q *CgroupCheck, at seat) Finding {
	path := strings.TrimPrefix(at.path, "/")
	if s := q.CPU; s != nil {
		used, f := measure(ctx, m, orElse(s.Over, 2*time.Second), path)
		if !f.OK {
			return f
		}
		tolerance := s.Tolerance
		if tolerance == 0 {
			tolerance = 15
		}
		if got := used[0]; got < s.Percent-tolerance || got > s.Percent+tolerance {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds", at.path, got), fmt.Sprintf("about %.0f %%", s.Percent)).
				at("`lab cgroup watch " + path + "`, or `top`")
		}
	}
	if r := q.Ratio; r != nil {
		other := strings.Trim(v.expand(ctx, r.To), "/")
		used, f := measure(ctx, m, orElse(r.Over, 3*time.Second), path, other)
		if !f.OK {
			return f
		}
		tolerance := r.Tolerance
		if tolerance == 0 {
			tolerance = 0.35
		}
		if used[1] < 1 || used[0] < 1 {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds and /%s %.0f %%", at.path, used[0], other, used[1]), "both to be busy").
				at("`top`")
		}
		if got := used[0] / used[1]; got < r.Is*(1-tolerance) || got > r.Is*(1+tolerance) {
			return no(fmt.Sprintf("the group %s used %.0f %% of a CPU in the last seconds and /%s %.0f %%, %.1f times as much", at.path, used[0], other, used[1], got), fmt.Sprintf("about %g times", r.Is)).
				advise("Weights count only where groups want the same CPU: keep both on one with a cpuset or `taskset`.").at("`top`")
		}
	}
	return yes()
}

// measure returns what some groups use of a CPU, in percent, for a while.
func measure(ctx context.Context, m *cgroup.Machine, over time.Duration, paths ...string) ([]float64, Finding) {
	usage := func() ([]time.Duration, Finding) {
		var all []time.Duration
		for _, path := range paths {
			g, err := m.Open(path)
			if err != nil {
				return nil, no("there is no group /"+path, "one")
			}
			s, err := g.Stats()
			if err != nil {
				return nil, cannot("the CPU time of the group /"+path, err)
			}
			all = append(all, s.CPU.Usage)
		}
		return all, yes()
	}
	begin := time.Now()
	before, f := usage()
	if !f.OK {
		return nil, f
	}
	select {
	case <-ctx.Done():
		return nil, Finding{Found: "the measurement was interrupted"}
	case <-time.After(over):
	}
	after, f := usage()
	if !f.OK {
		return nil, f
	}
	elapsed := time.Since(begin)
	var percent []float64
	for i := range paths {
		percent = append(percent, 100*float64(after[i]-before[i])/float64(elapsed))
	}
	return percent, yes()
}
