package image

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestChange(t *testing.T) {
	var c Config
	for _, line := range []string{
		`ENTRYPOINT ["/bin/app"]`, `CMD echo "hi there"`, `ENV A=1 B="x y" C=a\ b`, `env A 2 3`, `LABEL k=v "l"='m n'`,
		`EXPOSE 80 443/TCP 53/udp 7000-7002`, `USER www-data`, `VOLUME /data /log`, `VOLUME ["/with space"]`,
		`WORKDIR /srv`, `WORKDIR app`, `STOPSIGNAL SIGQUIT`, `ONBUILD RUN x`,
	} {
		require.NoError(t, Change(&c, line), line)
	}
	set := func(keys ...string) map[string]struct{} { return addAll(nil, keys) }
	assert.Equal(t, Config{
		Entrypoint: []string{"/bin/app"}, Cmd: []string{"/bin/sh", "-c", `echo "hi there"`},
		Env: []string{"A=2 3", "B=x y", "C=a b"}, Labels: map[string]string{"k": "v", "l": "m n"},
		ExposedPorts: set("80/tcp", "443/tcp", "53/udp", "7000/tcp", "7001/tcp", "7002/tcp"),
		User:         "www-data", Volumes: set("/data", "/log", "/with space"), WorkingDir: "/srv/app", StopSignal: "SIGQUIT", OnBuild: []string{"RUN x"},
	}, c)
	for _, line := range []string{"", "CMD", "FROM x", "ENV A", `ENV A="1`, "ENV A=1 B", "EXPOSE 0", "EXPOSE 70000", "EXPOSE 80/icmp", "EXPOSE 9-1", "SHELL sh"} {
		require.ErrorIs(t, Change(&c, line), ErrChange, line)
	}
}

func FuzzChange(f *testing.F) {
	for _, s := range []string{`ENV A=1 B="x`, "LABEL \\", `CMD ["`, "EXPOSE 1-65535/udp", "VOLUME [1]", "ENV = ="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var c Config
		if err := Change(&c, line); err != nil {
			assert.ErrorIs(t, err, ErrChange)
		}
	})
}
