package nn

import (
	"errors"
	"fmt"

	"github.com/gradlogp/gradlogp/nn/ad"
)

// Resample changes the number of positions and keeps all numbers (Shi et al. 2016).
// Down gathers the positions of a stretch, or square, of that side into one, whose
// channels they become, row by row:
//
//	y_{p, (d, k)} = x_{Down·p+d, k}.
//
// Up is the inverse. So a picture is cut into patches and put together again.
type Resample struct {
	Size []int // lengths of the axes of x
	Down int   // divides each of them; zero when Up is given
	Up   int   // multiplies them; zero when Down is given
}

// Apply implements Module. It panics when x has not numbers for each position, or for
// Up not enough.
func (r Resample) Apply(b *Build, x *ad.Expr) *ad.Expr {
	mustBeValid(r)
	x = positioned("Resample", x, r.Size)
	h, w := plane(r.Size, 1)
	if r.Down > 0 {
		fh, fw := r.factors(r.Down)
		return ad.Regroup(ad.Gather(x, b.table(patches{h, w, fh, fw, x.Cols()})), 1)
	}
	fh, fw := r.factors(r.Up)
	channels := x.Cols() / (fh * fw)
	if x.Cols()%(fh*fw) != 0 {
		panic(fmt.Sprintf("nn: Resample: x is %s, want a multiple of %d channels to have %d times the positions of Size %v", shape(x), fh*fw, fh*fw, r.Size))
	}
	return ad.Regroup(ad.Scatter(x, b.table(patches{h * fh, w * fw, fh, fw, channels})), 1)
}

// factors returns the factor of each axis of two.
func (r Resample) factors(f int) (fh, fw int) {
	if len(r.Size) == 1 {
		return 1, f
	}
	return f, f
}

// patches is the layout of h×w positions in patches of fh×fw.
type patches struct{ h, w, fh, fw, channels int }

func (l patches) table() *ad.Table {
	var from [][]int
	for top := 0; top < l.h; top += l.fh {
		for left := 0; left < l.w; left += l.fw {
			row := make([]int, 0, l.fh*l.fw)
			for dy := range l.fh {
				for dx := range l.fw {
					row = append(row, (top+dy)*l.w+left+dx)
				}
			}
			from = append(from, row)
		}
	}
	return ad.NewTable(from, l.h*l.w, l.channels)
}

// Validate implements Validator.
func (r Resample) Validate() error {
	if err := sizeError("Resample.Size", r.Size); err != nil {
		return err
	}
	divides, most := true, mostCells
	for _, n := range r.Size {
		divides, most = divides && (r.Down <= 0 || n%r.Down == 0), most/n
	}
	fh, fw := plane([]int{r.Up, r.Up}[:len(r.Size)], 1)
	return errors.Join(
		rangeError(r.Down >= 0 && divides, "Resample.Down", r.Down, fmt.Sprintf("a number that divides %v, or 0", r.Size)),
		rangeError(r.Up >= 0 && (r.Up == 0 || r.Up <= mostCells && fh <= most/fw), "Resample.Up", r.Up, "a number ≥ 0, for 2²⁴ positions at most"),
		rangeError((r.Down == 0) != (r.Up == 0), "Resample.Up", r.Up, fmt.Sprintf("a positive number, or one for Down, which is %d, and not for both", r.Down)),
	)
}

var (
	_ Module    = Resample{}
	_ Validator = Resample{}
)
