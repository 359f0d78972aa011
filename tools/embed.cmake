# Writes OUT, a C++ file that defines `extern const char* const SYMBOL` as the text of the file IN.
file(READ ${IN} text)
string(LENGTH "${text}" length)
# Some compilers limit string literals to 64 KiB, so the text is written in pieces of 8,000 characters.
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND literals "R\"oee_embed(${piece})oee_embed\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "namespace oee::embedded {\nextern const char* const ${SYMBOL};\nconst char* const ${SYMBOL} =\n${literals};\n}  // namespace oee::embedded\n")
