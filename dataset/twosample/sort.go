package twosample

import (
	"math"
	"slices"
)

// sorter sorts numbers by the place that they have between the least and the
// greatest, which for long samples takes a fraction of the time of comparisons
// alone.
type sorter struct {
	other []float64
	count [2][1 << digit]uint32
}

// Places are numbers of two digits of so many bits, by which they are sorted
// one after the other, the lower first.
const digit = 11

// sort sorts a. Where NaN stand is not specified.
func (s *sorter) sort(a []float64) {
	const short = 300 // below, clearing the counts takes longer than comparing
	if len(a) < short {
		slices.Sort(a)
		return
	}
	least, most := a[0], a[0]
	for _, v := range a {
		if v < least {
			least = v
		}
		if v > most {
			most = v
		}
	}
	scale := (1<<(2*digit) - 1) / (most - least)
	if !(scale > 0 && scale <= math.MaxFloat64) { // not finite, or all equal
		slices.Sort(a)
		return
	}
	s.other = slices.Grow(s.other[:0], len(a))[:len(a)]
	s.count = [2][1 << digit]uint32{}
	low, high := &s.count[0], &s.count[1]
	for _, v := range a {
		place := uint32((v - least) * scale)
		low[place%(1<<digit)]++
		high[place>>digit%(1<<digit)]++ // what is not a number may be anywhere
	}
	starts(low)
	starts(high)
	for _, v := range a {
		at := &low[uint32((v-least)*scale)%(1<<digit)]
		s.other[*at] = v
		*at++
	}
	for _, v := range s.other {
		at := &high[uint32((v-least)*scale)>>digit%(1<<digit)]
		a[*at] = v
		*at++
	}
	insert(a) // few share a place, unless some lie far out
}

// starts turns numbers of members into the places of the first ones.
func starts(count *[1 << digit]uint32) {
	var sum uint32
	for j, n := range count {
		count[j] = sum
		sum += n
	}
}

// insert sorts what is all but sorted.
func insert(a []float64) {
	left := len(a) // moves, before it turns out to be far from sorted
	for i, v := range a {
		j := i
		for ; j > 0 && v < a[j-1]; j-- {
			a[j] = a[j-1]
		}
		a[j] = v
		if left -= i - j; left < 0 {
			slices.Sort(a)
			return
		}
	}
}
