package inference

import "fmt"

// keptTails are the tails of a parameter or of a column of x.
type keptTails struct{ Middle, Unit float64 }

func keptTailsOf(all []*tails) []*keptTails {
	kept := make([]*keptTails, len(all))
	for j, t := range all {
		if t != nil {
			kept[j] = &keptTails{t.middle, t.unit}
		}
	}
	return kept
}

func (k *keptTails) tails() *tails {
	if k == nil {
		return nil
	}
	return &tails{k.Middle, k.Unit}
}

// tailsIn returns the tails of so many columns of x that a file has.
func tailsIn(kept []*keptTails, columns int) ([]*tails, error) {
	if len(kept) != columns {
		return nil, fmt.Errorf("has %d XTails, want %d", len(kept), columns)
	}
	all := make([]*tails, columns)
	for j, k := range kept {
		if all[j] = k.tails(); !all[j].possible() {
			return nil, fmt.Errorf("column %d of x has the tails %v", j, *k)
		}
	}
	return all, nil
}
