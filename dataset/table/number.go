package table

import (
	"math"
	"strconv"
)

// form is what a text is as a number.
type form int

const (
	word     form = iota // no number: text, a hexadecimal number, 1_000, 1,000, Inf
	decimal              // a decimal number
	code                 // digits that begin with a zero, such as 007
	huge                 // a whole number that float64 would round
	overflow             // a number beyond the largest float64
)

// largestWhole is 2⁵³, up to which float64 has all whole numbers.
const largestWhole = 1 << 53

// number is a text read as a decimal number.
type number struct {
	value float64
	// decimals is the least k for which 10ᵏ·value is whole, by its digits.
	decimals int
	form     form
}

// pow10 holds the powers of ten that float64 has exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseNumber reads digits with at most one point and an exponent, with a sign or
// without. The digits are m·10ᵉ, with m not divisible by 10. When both m and 10^|e|
// are float64 numbers, one operation on them is the nearest float64; otherwise
// strconv does the work.
func parseNumber(s string) number {
	i, negative := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		i, negative = 1, s[0] == '-'
	}
	begin := i
	var (
		m                       uint64
		digits, significant     int // all, and those of m
		zeros, behind, exponent int // zeros seen after the last other digit, digits behind the point
		point, exact            = false, true
	)
	for ; i < len(s); i++ {
		c := s[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		digits++
		if point {
			behind++
		}
		if c == '0' {
			if significant > 0 {
				zeros++
			}
			continue
		}
		significant += zeros + 1
		if significant > 19 {
			exact = false
		} else {
			for ; zeros > 0; zeros-- {
				m *= 10
			}
			m = 10*m + uint64(c-'0')
		}
		zeros = 0
	}
	if digits == 0 {
		return number{form: word}
	}
	whole := i == len(s) && !point
	if i < len(s) {
		if s[i] != 'e' && s[i] != 'E' {
			return number{form: word}
		}
		e, ok := parseExponent(s[i+1:])
		if !ok {
			return number{form: word}
		}
		exponent = e
	}
	n := number{form: decimal}
	if len(s) > begin+1 && s[begin] == '0' && s[begin+1] >= '0' && s[begin+1] <= '9' {
		n.form = code
	}
	if significant == 0 {
		return n
	}
	e := exponent - behind + zeros
	n.decimals = max(0, -e)
	if exact && m <= largestWhole && e >= -22 && e <= 22 {
		n.value = float64(m)
		if e < 0 {
			n.value /= pow10[-e]
		} else {
			n.value *= pow10[e]
		}
		if negative {
			n.value = -n.value
		}
	} else {
		n.value, _ = strconv.ParseFloat(s, 64) // its only error is an overflow to ±Inf
	}
	switch {
	case math.IsInf(n.value, 0):
		n.form = overflow
	case whole && math.Abs(n.value) >= largestWhole && !(exact && zeros == 0 && m == largestWhole):
		n.form = huge
	}
	return n
}

// parseExponent reads the digits of an exponent, of which no more than 6 matter.
func parseExponent(s string) (e int, ok bool) {
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		if e < 1_000_000 {
			e = 10*e + int(s[i]-'0')
		}
	}
	if negative {
		e = -e
	}
	return e, true
}
