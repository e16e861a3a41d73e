"""PTX of the device kernels: text in an old version that every driver since 2017 compiles for its own GPU.

Each kernel walks arrays of 16-byte elements with a stride of the whole grid, so one size fits all GPUs.
"""

from __future__ import annotations

HEADER = ".version 6.0\n.target sm_50\n.address_size 64\n"


def _strided(name: str, arrays: tuple[str, ...], body: str, *, before: str = "", after: str = "") -> str:
    """A kernel over elements i = thread, thread + grid, ... < n; pointers %rd of ``arrays`` point at element i."""
    parameters = ",\n".join(f"  .param .u64 {name}_{each}" for each in (*arrays, "n"))
    loads = "\n".join(
        f"  ld.param.u64 %base{i}, [{name}_{each}];\n  cvta.to.global.u64 %base{i}, %base{i};"
        for i, each in enumerate(arrays)
    )
    addresses = "\n".join(f"  add.u64 %at{i}, %base{i}, %offset;" for i in range(len(arrays)))
    return f""".visible .entry {name}(
{parameters}
) {{
  .reg .pred %done;
  .reg .b32 %t, %b, %w, %g, %step;
  .reg .b64 %i, %n, %stride, %offset;
  .reg .b64 %base<4>, %at<4>;
  .reg .f32 %x<4>, %y<4>, %sum;
  .reg .b32 %u<4>;
{loads}
  ld.param.u64 %n, [{name}_n];
  mov.u32 %t, %tid.x;
  mov.u32 %b, %ctaid.x;
  mov.u32 %w, %ntid.x;
  mov.u32 %g, %nctaid.x;
  mad.lo.u32 %t, %b, %w, %t;
  mul.lo.u32 %step, %w, %g;
  cvt.u64.u32 %i, %t;
  cvt.u64.u32 %stride, %step;
{before}
next:
  setp.ge.u64 %done, %i, %n;
  @%done bra end;
  shl.b64 %offset, %i, 4;
{addresses}
{body}
  add.u64 %i, %i, %stride;
  bra next;
end:
{after}
  ret;
}}
"""


COPY = _strided(
    "copy", ("to", "from"),
    """  ld.global.v4.u32 {%u0, %u1, %u2, %u3}, [%at1];
  st.global.v4.u32 [%at0], {%u0, %u1, %u2, %u3};""",
)  # fmt: skip

# a = b + s a with s = 0.5: two arrays read, one written
TRIAD = _strided(
    "triad", ("a", "b", "c"),
    """  ld.global.v4.f32 {%x0, %x1, %x2, %x3}, [%at1];
  ld.global.v4.f32 {%y0, %y1, %y2, %y3}, [%at2];
  fma.rn.f32 %x0, %y0, 0f3F000000, %x0;
  fma.rn.f32 %x1, %y1, 0f3F000000, %x1;
  fma.rn.f32 %x2, %y2, 0f3F000000, %x2;
  fma.rn.f32 %x3, %y3, 0f3F000000, %x3;
  st.global.v4.f32 [%at0], {%x0, %x1, %x2, %x3};""",
)  # fmt: skip

# The sum is stored only when it equals a value it never has, so that the reads are not removed.
READ = _strided(
    "readsum", ("out", "from"),
    """  ld.global.v4.f32 {%x0, %x1, %x2, %x3}, [%at1];
  add.f32 %sum, %sum, %x0;
  add.f32 %sum, %sum, %x1;
  add.f32 %sum, %sum, %x2;
  add.f32 %sum, %sum, %x3;""",
    before="  mov.f32 %sum, 0f00000000;",
    after="""  setp.neu.f32 %done, %sum, 0fFF7FFFFF;
  @%done bra quit;
  st.global.f32 [%base0], %sum;
quit:""",
)  # fmt: skip

EMPTY = """.visible .entry empty() {
  ret;
}
"""

PTX = "\n".join((HEADER, COPY, TRIAD, READ, EMPTY))
