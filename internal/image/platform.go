package image

import "runtime"

// Platform is what the image was made for: "linux/arm64", "linux/arm/v7".
func (i *Image) Platform() string {
	return platformString(Platform{OS: i.OS, Architecture: i.Architecture, Variant: i.Variant})
}

// Fits says whether the image's programs run on a platform; "" is this machine. The error says that the platform has no meaning.
func (i *Image) Fits(platform string) (bool, error) {
	want, err := parsePlatform(platform)
	if err != nil {
		return false, err
	}
	if i.OS == "" || i.Architecture == "" {
		return true, nil // it does not say, and nobody can
	}
	if platform == "" && want.Architecture == "amd64" && i.Architecture == "amd64" {
		return i.OS == want.OS, nil // of v2 and v3 nobody has asked the processor
	}
	return platformRank(Platform{OS: i.OS, Architecture: i.Architecture, Variant: i.Variant}, want) >= 0, nil
}

// Machine is the platform of this machine, as Platform spells one.
func Machine() string { return "linux/" + runtime.GOARCH }
