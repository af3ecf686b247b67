package table

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a user comes with is read with no settings, and given back as it was written:
// columns of odd scales and offsets, ties, few rows, holes.
func TestOddNumbersAreReadAndWrittenAsTheyStand(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	normal := random.NormFloat64
	for name, c := range map[string]struct {
		cell func(i int) string
		kind Kind
		step float64
	}{
		"thousandths":        {func(int) string { return fmt.Sprintf("%.6f", 1e-3*normal()) }, Number, 1e-6},
		"thousandths, exact": {func(int) string { return fmt.Sprint(1e-3 * normal()) }, Number, 0},
		"thousands":          {func(int) string { return fmt.Sprintf("%.3f", 1e3*normal()) }, Number, 1e-3},
		"exponents":          {func(int) string { return fmt.Sprintf("%.3e", 1e-12*normal()) }, Number, 0},
		"offset of 1e6":      {func(int) string { return fmt.Sprintf("%.4f", 1e6+normal()) }, Number, 1e-4},
		"offset, exact":      {func(int) string { return fmt.Sprint(1e6 + normal()) }, Number, 0},
		"seconds":            {func(int) string { return strconv.Itoa(1_700_000_000 + random.IntN(1e6)) }, Whole, 1},
		"microseconds":       {func(int) string { return strconv.FormatInt(1_700_000_000_000_000+random.Int64N(1e6), 10) }, Whole, 1},
		"ties":               {func(int) string { return fmt.Sprint(math.Round(2*normal()) / 2) }, Number, .1},
		"decades":            {func(int) string { return fmt.Sprint(math.Exp(8 * normal())) }, Number, 0},
		"cents, most of 0":   {func(i int) string { return fmt.Sprintf("%.2f", max(0, 1000*(normal()-1))) }, Number, .01},
	} {
		for _, rows := range []int{5, 600, 3000} {
			t.Run(fmt.Sprintf("%s, %d rows", name, rows), func(t *testing.T) {
				var file strings.Builder
				var want []float64
				file.WriteString("x,hole,one\n")
				for i := range rows {
					text := c.cell(i)
					v, err := strconv.ParseFloat(text, 64)
					require.NoError(t, err)
					want = append(want, v+0)
					fmt.Fprintf(&file, "%s,,7\n", text)
				}
				got := mustRead(t, file.String(), nil)
				require.Equal(t, want, got.Columns[0])
				if rows > 5 { // of few rows all may happen to be rounder
					require.Equal(t, c.kind, got.Fields[0].Kind)
					require.Equal(t, c.step, got.Fields[0].Step)
				}
				var again bytes.Buffer
				require.NoError(t, Write(&again, got, nil))
				equal(t, got, mustRead(t, again.String(), &ReadSettings{Schema: got.Fields}))
			})
		}
	}
}

// The name of a column may be as long as a row, and was in errors as long as it is.
func TestErrorsAboutColumnsOfLongNamesAreShort(t *testing.T) {
	name := strings.Repeat("long ", 50_000)
	_, err := Read(strings.NewReader(name+",b\n1,2\n1e999,3\n"), nil)
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, `line 3, column 1 ("long long`)
	require.Less(t, len(err.Error()), 500)
}
