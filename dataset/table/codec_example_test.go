package table_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
)

const stays = `arrival,departure,guests,room,breakfast
2024-05-01,2024-05-03,2,double,yes
2024-05-02,2024-05-09,1,single,
2024-05-04,2024-05-05,4,suite,no
2024-05-04,2024-05-08,2,double,yes
2024-05-07,2024-05-08,1,single,yes
`

// Rows of mixed columns become rows of numbers, and back, with the codec kept as text.
// The departure is coded as its distance from the arrival, so that it is never earlier.
func ExampleCodec() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, &table.CodecSettings{
		Rules: []table.Rule{table.Order{Columns: []string{"arrival", "departure"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	x, err := c.Encode(t, 1) // what a score model is trained on
	if err != nil {
		fmt.Println(err)
		return
	}
	rows, columns := x.Dims()
	fmt.Println(rows, columns, c.Names())

	text, err := json.Marshal(c) // kept in Model.Metadata[table.MetadataKey]
	if err != nil {
		fmt.Println(err)
		return
	}
	var kept table.Codec
	if err := json.Unmarshal(text, &kept); err != nil {
		fmt.Println(err)
		return
	}
	back, err := kept.Decode(x, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j := range back.Fields {
		fmt.Print(back.Text(1, j), " ")
	}
	fmt.Println()
	// Output:
	// 5 6 [arrival departure guests room breakfast breakfast missing]
	// 2024-05-02 2024-05-09 1 single
}

// What is known of rows is finite, what is not NaN.
func ExampleCodec_Observe() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	known, err := c.Observe(&table.Table{Fields: t.Fields[3:4], Columns: [][]float64{{0}}}, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	for j, name := range c.Names() {
		if v := known.At(0, j); v == v {
			fmt.Println(name, "is known:", t.Fields[3].Levels[0])
		}
	}
	// Output:
	// room is known: double
}

// normal stands for the run of a sampler: rows of a model given what is known of them.
func normal(c *table.Codec) table.Sampler {
	return func(n int, observed *mat.Dense, seed uint64) (*mat.Dense, error) {
		r := rand.New(rand.NewPCG(seed, 0))
		x := mat.NewDense(n, c.Dim(), nil)
		x.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, x)
		return x, nil
	}
}

// Three stays in a suite: what is given comes out as it is, and rules are obeyed.
func ExampleCodec_Draw() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	early := table.Check{Name: "leaves before 12 May", Holds: func(row []float64) bool {
		return t.Fields[1].Text(row[1]) < "2024-05-12"
	}}
	c, err := table.NewCodec(t, &table.CodecSettings{
		Rules: []table.Rule{table.Order{Columns: []string{"arrival", "departure"}}, early},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	suite, err := t.Fields[3].Parse("suite")
	if err != nil {
		fmt.Println(err)
		return
	}
	given := &table.Table{Fields: t.Fields[3:4], Columns: [][]float64{{suite, suite, suite}}}
	drawn, report, err := c.Draw(3, given, 1, normal(c))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range drawn.Len() {
		fmt.Println(drawn.Text(i, 3), drawn.Columns[0][i] <= drawn.Columns[1][i])
	}
	fmt.Println(report.Rows, len(report.Left))
	// Output:
	// suite true
	// suite true
	// suite true
	// 3 0
}

// The one hole is filled, and the other cells are as they were.
func ExampleCodec_Impute() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	filled, report, err := c.Impute(t, 1, normal(c))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Rows, "row filled:", t.Text(1, 4) == "", filled.Text(1, 4) != "")
	// Output:
	// 1 row filled: true true
}

// More rows are read with the kinds of those fitted, and may have other levels.
func ExampleCodec_Schema() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	more := "arrival,departure,guests,room,breakfast\n2024-06-01,2024-06-02,1,cabin,no\n"
	t, err = table.Read(strings.NewReader(more), &table.ReadSettings{Schema: c.Schema()})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range t.Fields {
		fmt.Print(f.Name, " ", f.Kind, " ")
	}
	fmt.Println()
	// Output:
	// arrival time departure time guests number room category breakfast boolean
}

// A cabin is news to a codec of rows without one.
func ExampleCodec_Unseen() {
	t, err := table.Read(strings.NewReader(stays), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := table.NewCodec(t, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	room := table.Field{Name: "room", Kind: table.Category, Levels: []string{"cabin", "suite"}}
	unseen, err := c.Unseen(&table.Table{Fields: []table.Field{room}, Columns: [][]float64{{0, 1}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(unseen)
	// Output:
	// [[room] []]
}
