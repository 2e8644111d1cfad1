package audit

import (
	"regexp"
	"strings"
)

// struck stands where a secret stood.
const struck = "[struck out]"

// secretNames are names of values that are secrets, whole or after an underscore: password, client_secret.
var secretNames = map[string]bool{
	"password": true, "passwd": true, "passphrase": true, "secret": true, "token": true, "authorization": true, "cookie": true, "credential": true,
	"credentials": true, "apikey": true, "otp": true,
}

// secretName reports whether a detail of that name holds a secret. token_id and the like do not.
func secretName(name string) bool {
	name = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	if name == "api_key" || name == "private_key" || name == "access_key" {
		return true
	}
	last := name[strings.LastIndexByte(name, '_')+1:]
	return secretNames[last]
}

var (
	bearer   = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`)
	userinfo = regexp.MustCompile(`(://[^\s/:@]*):[^\s/@]+@`)
)

// strike takes credentials out of free text: an Authorization header's value, the password of an address.
func strike(s string) string {
	if len(s) < 8 {
		return s
	}
	if strings.Contains(s, "://") {
		s = userinfo.ReplaceAllString(s, "$1:"+struck+"@")
	}
	if strings.ContainsAny(s, "Bb") {
		s = bearer.ReplaceAllString(s, "$1 "+struck)
	}
	return s
}
