package main

// randomName makes a name of an adjective and a tool of the trade, with two digits against twins.
func randomName(random [32]byte) string {
	n := int(random[2])<<8 | int(random[3])
	return adjectives[int(random[0])%len(adjectives)] + "_" + tools[int(random[1])%len(tools)] + digits(n%10000)
}

func digits(n int) string {
	return string([]byte{byte('0' + n/1000), byte('0' + n/100%10), byte('0' + n/10%10), byte('0' + n%10)})
}

var adjectives = [...]string{
	"able", "bold", "brave", "bright", "calm", "clear", "clever", "crisp", "eager", "early", "fair", "fast", "fine", "firm", "fresh", "gentle",
	"glad", "good", "grand", "great", "happy", "keen", "kind", "light", "lively", "lucid", "mild", "neat", "nimble", "noble", "open", "patient",
	"plain", "proud", "quick", "quiet", "ready", "rich", "rosy", "sharp", "shiny", "silent", "simple", "sleek", "smart", "snug", "solid", "sound",
	"steady", "still", "strong", "sunny", "sure", "swift", "tidy", "tiny", "true", "trusty", "vivid", "warm", "wise", "witty", "young", "zesty",
}

var tools = [...]string{
	"anvil", "awl", "beaker", "bellows", "bench", "bottle", "burner", "caliper", "chisel", "clamp", "compass", "crucible", "drill", "file", "flask",
	"forge", "funnel", "gauge", "gimlet", "hammer", "hook", "jar", "kettle", "ladder", "ladle", "lamp", "lathe", "lens", "lever", "loom", "magnet",
	"mallet", "mirror", "mortar", "needle", "oven", "pestle", "pincer", "pipette", "plane", "pliers", "plumb", "prism", "pulley", "ruler", "saw",
	"scale", "scope", "shears", "shovel", "sieve", "spade", "spindle", "spring", "square", "stove", "tongs", "torch", "tripod", "trowel", "vial",
	"vise", "wedge", "wrench",
}
