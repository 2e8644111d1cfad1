package receive

import (
	"strings"

	"github.com/mileusna/useragent"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// families are the browsers that are told apart; every other is "other". A name out of an unknown user agent is its sender's
// own text.
var families = map[string]string{
	useragent.Chrome: "chrome", useragent.HeadlessChrome: "chrome", useragent.Firefox: "firefox", useragent.Safari: "safari",
	useragent.MobileSafari: "safari", useragent.Edge: "edge", useragent.Opera: "opera", useragent.OperaMini: "opera",
	useragent.OperaTouch: "opera", useragent.Vivaldi: "vivaldi", useragent.SamsungBrowser: "samsung",
	useragent.InternetExplorer: "internet explorer", "Android browser": "android browser", "Huawei Browser": "huawei",
	"Miui Browser": "miui",
}

// robots are words in the user agents of programs that the library does not know for one.
var robots = []string{"bot", "crawl", "spider", "curl/", "wget/", "python-", "go-http-client", "headless", "phantomjs", "lighthouse"}

// agent is what is kept of a user agent: the families of browser and system, the kind of device, and bot=true for what says
// that it is no person's. The text itself, which tells people apart, is dropped.
func agent(text string) []rowstore.Attr {
	if text == "" {
		return nil
	}
	if len(text) > 1024 {
		text = text[:1024]
	}
	ua := useragent.Parse(text)
	browser := families[ua.Name]
	if browser == "" {
		browser = "other"
	}
	out := []rowstore.Attr{{Key: "browser", Value: browser}}
	if ua.OS != "" { // one of the library's constants
		out = append(out, rowstore.Attr{Key: "os", Value: strings.ToLower(ua.OS)})
	}
	switch {
	case ua.Tablet:
		out = append(out, rowstore.Attr{Key: "device", Value: "tablet"})
	case ua.Mobile:
		out = append(out, rowstore.Attr{Key: "device", Value: "mobile"})
	case ua.Desktop:
		out = append(out, rowstore.Attr{Key: "device", Value: "desktop"})
	}
	if ua.Bot || robot(text) {
		out = append(out, rowstore.Attr{Key: "bot", Value: "true"})
	}
	return out
}

func robot(text string) bool {
	text = strings.ToLower(text)
	for _, w := range robots {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
