// Package ui holds the page in the browser as it was built, and serves it. The built files are committed, so that
// `go install` needs no Node; src/ is what they are made of, and `npm run build` makes the same bytes anywhere.
package ui

import "embed"

// dist is the built page: index.html, hashed assets, the icon and the manifest of the build.
//
//go:embed all:dist
var dist embed.FS
