package demo

import "fmt"

// What stands in log lines though it should not, as in life. Signalbox takes it out at the gate. Domains, networks and
// numbers are those set aside for examples; no name and number together is a real person's.

// mailAddress is the address of who filed this filing.
func mailAddress(number int64) string {
	first := [...]string{"alex", "robin", "sam", "kim", "jamie", "lee", "dana", "chris", "pat", "jo"}
	last := [...]string{"rivera", "chen", "novak", "okafor", "haddad", "larsen", "diaz", "patel", "moreau", "silva"}
	h := hash(number, "mail")
	return fmt.Sprintf("%s.%s@example.org", first[h%10], last[h/10%10])
}

// socialSecurity is a number in the written form of one.
func socialSecurity(number int64) string {
	h := hash(number, "ssn")
	return fmt.Sprintf("%03d-%02d-%04d", 100+h%500, 10+h/1000%80, 1000+h/100_000%9000)
}

// address4 is the internet address of who filed this filing.
func address4(number int64) string {
	h := hash(number, "address")
	return fmt.Sprintf("%s.%d", [...]string{"192.0.2", "198.51.100", "203.0.113"}[h%3], 1+h/3%254)
}
