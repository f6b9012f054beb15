package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/container-labs/lab/internal/image"
)

func importCommand(std streams) *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "make an image of a root file system in a tar", ArgsUsage: "FILE|URL|- [NAME[:TAG]]",
		Description: `The tar may be compressed by gzip or zstd.

EXAMPLE:
   tar -C rootfs -c . | lab import - mine:1`,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "change", Aliases: []string{"c"}, Usage: "set the image's configuration with a Dockerfile `LINE`: CMD, ENV, USER …"},
			&cli.StringFlag{Name: "message", Aliases: []string{"m"}, Usage: "note `TEXT` in its history"},
			&cli.StringFlag{Name: "platform", Usage: "it is for `OS/ARCH`"},
		},
		Action: func(ctx *cli.Context) error {
			if ctx.NArg() < 1 || ctx.NArg() > 2 {
				return wants(ctx, "a file, a URL, or - for standard input, and perhaps a name for the image")
			}
			images, err := image.Open(ctx.String("root"))
			if err != nil {
				return err
			}
			stop, cancel := interruptible(ctx.Context)
			defer cancel()
			source := ctx.Args().First()
			in, err := importSource(stop, source, std)
			if err != nil {
				return err
			}
			defer in.Close()
			opt := image.ImportOptions{Changes: ctx.StringSlice("change"), Message: ctx.String("message"), Platform: ctx.String("platform")}
			if opt.Message == "" {
				opt.Message = "Imported from " + source
			}
			img, err := images.Import(stop, ctx.Args().Get(1), in, opt)
			if err != nil {
				return err
			}
			noteImage(ctx.String("root"), "import", img, ctx.Args().Get(1))
			fmt.Fprintln(std.out, img.ID)
			return nil
		},
	}
}

// importSource opens a file, standard input, or what a web server has. A file that is there counts before a URL that looks like it.
func importSource(ctx context.Context, source string, std streams) (io.ReadCloser, error) {
	isURL := strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
	if _, err := os.Lstat(source); err == nil || !isURL {
		return inputFile(source, std)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return nil, &exit{code: 1, err: fmt.Errorf("import %s: %w", source, err)}
	}
	request.Header.Set("Accept-Encoding", "identity") // the tar as it is: what it is compressed with is seen from its first bytes
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("import: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, fmt.Errorf("import %s: the server says %s", source, response.Status)
	}
	return response.Body, nil // one that ends too early is an error of its Read
}
