// Package access decides who may do what: the sign-in, the host allow-list, the origin check and the action that each
// route asks for. It keeps tokens and sessions and never looks at what a room answers.
package access
