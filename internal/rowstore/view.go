package rowstore

import "unsafe"

// view returns bytes as a string without a copy: they must not change while the string is in use.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
