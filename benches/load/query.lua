dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local bodies
function prepare() bodies = read("bodies") end
function request() return post(bodies[math.random(#bodies)]) end
